//! Invitations: those that wait and those that come, accepted by the rules, and told to their handlers.

use super::Rules;
use super::context::Context;
use super::desk::{Call, watched};
use super::failure::{Failure, FailureKind};
use super::handlers::Invitation;
use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use alta_model::{GroupId, InvitedGroup};
use alta_socket::{Backoff, BackoffPolicy};
use alta_ws::{MeGroupInviteCreate, Subscription};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::task::JoinSet;
use tracing::{info, warn};

/// No bot has more invitations waiting.
const BOUND: usize = 10_000;

/// How often accepting is tried when the service fails.
const ATTEMPTS: u32 = 5;

pub(crate) struct Invites {
    bot: Bot,
    context: Arc<Context>,
    events: Subscription<InvitedGroup>,
    lists: JoinSet<Vec<InvitedGroup>>,
    list_again: bool,
    /// The invitations that were looked at, and whether they were to be accepted.
    seen: BTreeMap<GroupId, bool>,
}

/// Something to look at.
pub(crate) enum Mail {
    Invite(Box<InvitedGroup>),
    /// Something was not seen or not understood.
    Missed,
    List(Vec<InvitedGroup>),
    /// The bot is closed.
    End,
}

impl Invites {
    pub(crate) async fn begin(bot: &Bot, context: Arc<Context>) -> Result<Self, Error> {
        let doing = "following the bot's invitations";
        let user = bot.user_id().ok_or_else(|| {
            let problems = vec!["the bot's token names no user id".to_owned()];
            Error::new(ErrorKind::Config { problems }, doing)
        })?;
        let events = bot.socket()?.subscribe(MeGroupInviteCreate(user)).await;
        let events = events.map_err(|error| Error::new(ErrorKind::Socket, doing).because(error))?;
        let mut invites = Self {
            bot: bot.clone(),
            context,
            events,
            lists: JoinSet::new(),
            list_again: false,
            seen: BTreeMap::new(),
        };
        invites.list();
        Ok(invites)
    }

    /// Lists the invitations that wait, after a gap or under new rules.
    pub(crate) fn list(&mut self) {
        if !self.lists.is_empty() {
            self.list_again = true;
            return;
        }
        let rest = self.bot.rest().as_bot();
        self.lists.spawn(async move {
            let mut backoff = Backoff::new(BackoffPolicy::default(), 0);
            loop {
                match rest.invites().list().collect(BOUND).await {
                    Ok(list) => return list,
                    Err(error) => warn!(%error, "the invitations could not be listed"),
                }
                tokio::time::sleep(backoff.next_delay()).await;
            }
        });
    }

    /// What comes next. Cancel safe.
    pub(crate) async fn next(&mut self) -> Mail {
        tokio::select! {
            event = self.events.next() => match event {
                Some(Ok(event)) => Mail::Invite(Box::new(event.data)),
                Some(Err(_)) => Mail::Missed,
                None => Mail::End,
            },
            Some(Ok(list)) = self.lists.join_next() => Mail::List(list),
        }
    }

    /// The calls to make because of it, each in the lane of its group.
    pub(crate) fn look(&mut self, mail: Mail, rules: &Rules) -> Vec<(GroupId, Call)> {
        match mail {
            Mail::Invite(invite) => {
                self.seen.remove(&invite.id);
                self.look_at(*invite, rules).into_iter().collect()
            }
            Mail::Missed => {
                self.list();
                Vec::new()
            }
            Mail::List(list) => {
                if std::mem::take(&mut self.list_again) {
                    self.list();
                }
                self.seen
                    .retain(|group, _| list.iter().any(|invite| invite.id == *group));
                let calls = list.into_iter();
                calls
                    .filter_map(|invite| self.look_at(invite, rules))
                    .collect()
            }
            Mail::End => Vec::new(),
        }
    }

    fn look_at(&mut self, invite: InvitedGroup, rules: &Rules) -> Option<(GroupId, Call)> {
        let group = invite.id;
        let about = Failure {
            group: Some(group),
            ..Failure::of("on_invite")
        };
        let accepts = catch_unwind(AssertUnwindSafe(|| rules.invites.accepts(&invite)));
        let accepts = accepts.unwrap_or_else(|_| {
            let kind = FailureKind::Panicked("the rule for invitations".to_owned());
            self.context.report(&Failure {
                kind,
                ..about.clone()
            });
            false
        });
        // It is looked at again if it was left alone and would be accepted now.
        let before = self.seen.insert(group, accepts);
        if before.is_some_and(|accepted| accepted || !accepts) {
            return None;
        }
        let (bot, context) = (self.bot.clone(), Arc::clone(&self.context));
        let of_handler = about.clone();
        let work = async move {
            if accepts {
                accept(&bot, group).await?;
                context.meter.invite_accepted();
            }
            for function in &context.handlers.invites {
                let function = Arc::clone(function);
                let invitation = Invitation {
                    group: invite.clone(),
                    accepted: accepts,
                };
                let bot = bot.clone();
                let limit = Some(context.limits.handler_time);
                let call = move || function((bot, invitation));
                watched(of_handler.clone(), call, limit, &context).await;
            }
            Ok(())
        };
        let work = Box::new(move || Box::pin(work) as _);
        Some((group, Call { about, work }))
    }
}

/// Accepts, and tries again when the service fails. One that was accepted before counts as accepted.
async fn accept(bot: &Bot, group: GroupId) -> Result<(), alta_rest::Error> {
    let rest = bot.rest().as_bot();
    let mut backoff = Backoff::new(BackoffPolicy::default(), group.get().unsigned_abs());
    loop {
        let Err(error) = rest.invites().accept(group).await else {
            info!(%group, "an invitation was accepted");
            return Ok(());
        };
        match error.kind() {
            alta_rest::ErrorKind::Rejected => return Ok(()),
            alta_rest::ErrorKind::NotFound
            | alta_rest::ErrorKind::Forbidden
            | alta_rest::ErrorKind::NotAuthorised => return Err(error),
            _ if backoff.attempt() + 1 >= ATTEMPTS => return Err(error),
            _ => tokio::time::sleep(backoff.next_delay()).await,
        }
    }
}
