//! The invitations of a managed bot: accepted by the rules, and passed to their handlers.

use super::Rules;
use super::group_handlers::{GroupHandlers, Invitation};
use super::meter::Meter;
use crate::acceptance::{Acceptance, is_final};
use crate::bot::Bot;
use crate::error::Error;
use crate::invitations::{Invitations, Mail, Pending};
use alta_model::{GroupId, InvitedGroup};
use alta_socket::BackoffPolicy;
use att_kit::{Call, Calls, FailureKind, HandlerError, HandlerInfo, catch_panic_in};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tracing::info;

/// Longer than all attempts take, unless an HTTP stack of the program has no timeouts.
const ACCEPTING: Duration = Duration::from_secs(5 * 60);

/// Failures are received at once; more than these make their tasks wait.
const FAILURES: usize = 64;

pub(crate) struct Invites {
    bot: Bot,
    parts: Parts,
    invitations: Invitations,
    failures: mpsc::Receiver<Pending>,
    to_failures: mpsc::Sender<Pending>,
}

/// The state that the handling of invitations shares with the rest of the bot.
pub(crate) type Parts = (Arc<GroupHandlers>, Calls, Arc<Meter>);

impl Invites {
    /// Subscribes, then lists: no invitation in between is missed.
    pub(crate) async fn begin(
        bot: &Bot,
        parts: Parts,
        retry: BackoffPolicy,
    ) -> Result<Self, Error> {
        let mut invitations = Invitations::begin(bot, retry).await?;
        invitations.list();
        let (to_failures, failures) = mpsc::channel(FAILURES);
        Ok(Self {
            bot: bot.clone(),
            parts,
            invitations,
            failures,
            to_failures,
        })
    }

    /// Lists the waiting invitations: the rules have changed.
    pub(crate) fn list(&mut self) {
        self.invitations.list();
    }

    /// Ends its tasks, and waits until they have ended.
    pub(crate) async fn close(self) {
        self.invitations.close().await;
    }

    /// The next input of [`take`](Self::take). Cancel safe.
    pub(crate) async fn next(&mut self) -> Mail {
        loop {
            tokio::select! {
                mail = self.invitations.next() => return mail,
                Some(failed) = self.failures.recv() => self.invitations.failed(failed),
            }
        }
    }

    /// The calls to make, each in the queue of its group.
    pub(crate) fn take(&mut self, mail: Mail, rules: &Rules) -> Vec<(GroupId, Call)> {
        let calls = &self.parts.1;
        let new = self.invitations.take(mail, |it| accepts(rules, it, calls));
        let new = new.into_iter();
        new.map(|(pending, is_accepted)| {
            let group = pending.invite.id;
            (group, self.call(pending, is_accepted, rules))
        })
        .collect()
    }

    fn call(&self, pending: Pending, is_accepted: bool, rules: &Rules) -> Call {
        let Pending {
            invite,
            mut acceptance,
        } = pending;
        let group = invite.id;
        if !rules.allows(group) && !matches!(rules.invites, super::Invites::None) {
            info!(%group, name = invite.name, "an invitation is not accepted: the rules leave the group out");
        }
        let bot = self.bot.clone();
        let (handlers, calls, meter) = self.parts.clone();
        let failures = self.to_failures.clone();
        let work = async move {
            if is_accepted {
                if let Err((error, again)) = accept(&mut acceptance, &bot).await {
                    if again {
                        // Nobody receives it when the bot is shutting down.
                        let _ = failures.send(Pending { invite, acceptance }).await;
                    }
                    return Err(error);
                }
                // It has ended: the group may invite again while the handlers run.
                drop(acceptance);
                meter.invite_accepted();
            }
            for function in &handlers.invites {
                let (function, bot) = (Arc::clone(function), bot.clone());
                let invitation = Invitation {
                    group: invite.clone(),
                    accepted: is_accepted,
                };
                let timeout = Some(calls.limits().handler_timeout);
                let call = Call::new(on_invite(group), timeout, move || function(bot, invitation));
                calls.call(call).await;
            }
            Ok(())
        };
        // Each handler in it has its own timeout, and accepting takes as long as the service does.
        Call::new(on_invite(group), None, move || Box::pin(work) as _)
    }
}

fn on_invite(group: GroupId) -> HandlerInfo {
    HandlerInfo::new("on_invite").group(Some(group))
}

/// Whether the rules accept an invitation. A rule of the program that panics does not.
fn accepts(rules: &Rules, invite: &InvitedGroup, calls: &Calls) -> bool {
    catch_panic_in(|| rules.accepts(invite)).unwrap_or_else(|panic| {
        let kind = FailureKind::Panicked(format!("the rule for invitations: {panic}"));
        calls.report(on_invite(invite.id), kind);
        false
    })
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
