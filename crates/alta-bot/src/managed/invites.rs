//! Invitations: those that wait and those that come, accepted by the rules, and told to their handlers.

use super::Rules;
use super::group_handlers::{GroupHandlers, Invitation};
use super::meter::Meter;
use crate::acceptance::{Acceptance, is_final};
use crate::bot::Bot;
use crate::error::Error;
use crate::lists::PENDING;
use crate::time::{after, sleep_until};
use alta_model::{GroupId, InvitedGroup, UserId};
use alta_socket::{Backoff, BackoffPolicy};
use alta_ws::Subscription;
use att_kit::{Call, Calls, FailureKind, HandlerError, HandlerInfo, catch_panic, catch_panic_in};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{info, warn};

/// Longer than all attempts take, unless somebody's HTTP stack has no time-outs of its own.
const ACCEPTING: Duration = Duration::from_secs(5 * 60);

/// Failures are read at once; more than these make their tasks wait.
const FAILURES: usize = 64;

pub(crate) struct Invites {
    bot: Bot,
    me: UserId,
    parts: Parts,
    retry: BackoffPolicy,
    events: Subscription<InvitedGroup>,
    lists: JoinSet<Vec<InvitedGroup>>,
    list_again: bool,
    /// When they are listed again, because one could not be accepted.
    list_at: Option<Instant>,
    /// The invitations that were looked at, and whether they were to be accepted.
    seen: BTreeMap<GroupId, bool>,
    /// Those that could not be accepted, until they are tried again.
    failed: BTreeMap<GroupId, Unaccepted>,
    failures: mpsc::Receiver<Unaccepted>,
    to_failures: mpsc::Sender<Unaccepted>,
}

/// What the handling of invitations shares with the rest of the bot.
pub(crate) type Parts = (Arc<GroupHandlers>, Calls, Arc<Meter>);

/// An invitation that should have been accepted while the service failed.
struct Unaccepted {
    invite: InvitedGroup,
    acceptance: Acceptance,
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
    /// Subscribes, then lists: what happens in between is not missed.
    pub(crate) async fn begin(
        bot: &Bot,
        parts: Parts,
        retry: BackoffPolicy,
    ) -> Result<Self, Error> {
        let (me, events) = bot.invitations().await?;
        let (to_failures, failures) = mpsc::channel(FAILURES);
        let mut invites = Self {
            bot: bot.clone(),
            me,
            parts,
            retry,
            events,
            lists: JoinSet::new(),
            list_again: false,
            list_at: None,
            seen: BTreeMap::new(),
            failed: BTreeMap::new(),
            failures,
            to_failures,
        };
        invites.list();
        Ok(invites)
    }

    /// Lists the invitations that wait, after a gap or under new rules.
    pub(crate) fn list(&mut self) {
        self.list_at = None;
        if !self.lists.is_empty() {
            self.list_again = true;
            return;
        }
        let rest = self.bot.rest().as_bot();
        // Other bots do the same at the same time: each has its own seed.
        let mut backoff = Backoff::new(self.retry, self.me.get().unsigned_abs());
        self.lists.spawn(async move {
            loop {
                match catch_panic(rest.invites().list().collect(PENDING)).await {
                    Ok(Ok(list)) => return list.into_vec(),
                    Ok(Err(error)) => warn!(?error, "the invitations could not be listed"),
                    Err(panic) => warn!(panic, "listing the invitations panicked"),
                }
                tokio::time::sleep(backoff.next_delay()).await;
            }
        });
    }

    /// Ends what it does, and waits until that has ended.
    pub(crate) async fn close(mut self) {
        self.lists.shutdown().await;
    }

    /// What comes next. Cancel safe.
    pub(crate) async fn next(&mut self) -> Mail {
        loop {
            let list_at = self.list_at;
            tokio::select! {
                event = self.events.next() => return match event {
                    Some(Ok(event)) => Mail::Invite(Box::new(event.data)),
                    Some(Err(_)) => Mail::Missed,
                    None => Mail::End,
                },
                Some(Ok(list)) = self.lists.join_next() => return Mail::List(list),
                Some(failed) = self.failures.recv() => {
                    let group = failed.acceptance.group();
                    self.seen.remove(&group);
                    self.failed.insert(group, failed);
                    self.list_at = Some(after(self.retry.cap));
                }
                () = sleep_until(list_at) => self.list(),
            }
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
                let is_listed = |group| list.iter().any(|invite| invite.id == group);
                self.seen.retain(|group, _| is_listed(*group));
                // One whose request may have taken effect is not listed any more.
                let unclear = self.failed.values();
                let unclear = unclear.filter(|failed| {
                    failed.acceptance.is_unclear() && !is_listed(failed.acceptance.group())
                });
                let unclear: Vec<_> = unclear.map(|failed| failed.invite.clone()).collect();
                self.failed
                    .retain(|group, failed| is_listed(*group) || failed.acceptance.is_unclear());
                let invites = list.into_iter().chain(unclear);
                invites
                    .filter_map(|invite| self.look_at(invite, rules))
                    .collect()
            }
            Mail::End => Vec::new(),
        }
    }

    fn look_at(&mut self, invite: InvitedGroup, rules: &Rules) -> Option<(GroupId, Call)> {
        let group = invite.id;
        let about = HandlerInfo::new("on_invite").group(Some(group));
        let accepts = catch_panic_in(|| rules.accepts(&invite));
        let accepts = accepts.unwrap_or_else(|panic| {
            let kind = FailureKind::Panicked(format!("the rule for invitations: {panic}"));
            self.parts.1.report(about.clone(), kind);
            false
        });
        // It is looked at again if it was left alone and would be accepted now.
        let before = self.seen.insert(group, accepts);
        if before.is_some_and(|accepted| accepted || !accepts) {
            return None;
        }
        if !rules.allows(group) && !matches!(rules.invites, super::Invites::None) {
            info!(%group, name = invite.name, "an invitation is not accepted: the rules leave the group out");
        }
        let bot = self.bot.clone();
        let (handlers, calls, meter) = self.parts.clone();
        let failed = self.failed.remove(&group).map(|failed| failed.acceptance);
        let mut acceptance = failed.unwrap_or_else(|| Acceptance::new(group, self.me, self.retry));
        let failures = self.to_failures.clone();
        let of_handler = about.clone();
        let work = async move {
            if accepts {
                if let Err((error, again)) = accept(&mut acceptance, &bot).await {
                    if again {
                        // Nobody receives it when the bot is being shut down.
                        let _ = failures.send(Unaccepted { invite, acceptance }).await;
                    }
                    return Err(error);
                }
                meter.invite_accepted();
            }
            for function in &handlers.invites {
                let (function, bot) = (Arc::clone(function), bot.clone());
                let invitation = Invitation {
                    group: invite.clone(),
                    accepted: accepts,
                };
                let timeout = Some(calls.limits().handler_timeout);
                let call = Call::new(of_handler.clone(), timeout, move || {
                    function(bot, invitation)
                });
                calls.call(call).await;
            }
            Ok(())
        };
        // Each handler in it has its own timeout, and accepting takes as long as the service does.
        let call = Call::new(about, None, move || Box::pin(work) as _);
        Some((group, call))
    }
}

/// The error comes with whether to try again later.
async fn accept(acceptance: &mut Acceptance, bot: &Bot) -> Result<(), (HandlerError, bool)> {
    match tokio::time::timeout(ACCEPTING, acceptance.finish(bot)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            let again = !is_final(&error);
            Err((error.into(), again))
        }
        Err(_) => Err((format!("not accepted within {ACCEPTING:?}").into(), true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consoles::Consoles;
    use alta_auth::StaticToken;
    use alta_http::HttpClient;
    use alta_rest::Identities;
    use alta_ws::MeGroupInviteCreate;
    use att_kit::{Handlers, Limits};
    use bytes::Bytes;
    use http::{Request, Response};
    use std::convert::Infallible;

    /// Of a bot that nobody ever answers.
    fn unanswered() -> Invites {
        let http = HttpClient::whole(tower::service_fn(|_: Request<Bytes>| {
            std::future::pending::<Result<Response<Bytes>, Infallible>>()
        }));
        let tokens = Arc::new(StaticToken::new("abc"));
        let url = "http://127.0.0.1:1/api".parse().unwrap();
        let rest = alta_rest::Client::new(
            http,
            url,
            Identities::bot(alta_auth::BotTokens::new(tokens.clone())),
        );
        let config = alta_ws::Config::default().url("ws://127.0.0.1:1/".parse().unwrap());
        let socket = alta_ws::Client::open_with(tokens, config).unwrap();
        let me = UserId::new(7);
        let events = socket.subscribe(MeGroupInviteCreate(me)).start();
        let consoles = Consoles::new(att_console::Config::default(), None);
        let (to_failures, failures) = mpsc::channel(FAILURES);
        Invites {
            bot: Bot::new(rest, Some(socket), None, Some(me), consoles),
            me,
            parts: (
                Arc::default(),
                Calls::new(Handlers::new(), Limits::default()),
                Arc::new(Meter::new()),
            ),
            retry: BackoffPolicy::default(),
            events,
            lists: JoinSet::new(),
            list_again: false,
            list_at: None,
            seen: BTreeMap::new(),
            failed: BTreeMap::new(),
            failures,
            to_failures,
        }
    }

    #[tokio::test]
    async fn a_list_that_is_due_while_one_is_under_way_follows_it_and_is_not_due_all_the_time() {
        let mut invites = unanswered();
        invites.list();
        invites.list_at = Some(Instant::now());
        invites.list();
        assert!(invites.list_again);
        assert_eq!(invites.list_at, None);
    }
}
