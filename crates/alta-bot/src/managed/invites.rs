//! The invitations of a managed bot: accepted by the rules, and passed to their handlers.

use super::Rules;
use super::counters::Counters;
use super::group_handlers::{GroupHandlers, Invitation};
use crate::acceptance::{Acceptance, is_final};
use crate::bot::Bot;
use crate::error::Error;
use crate::invitations::{Input, Invitations, Pending};
use alta_model::{GroupId, InvitedGroup};
use alta_socket::BackoffPolicy;
use att_kit::{Call, Calls, FailureKind, HandlerError, HandlerInfo, catch_panic_in};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tracing::info;

/// The timeout of one acceptance: longer than all attempts, unless an HTTP stack of the program has no timeouts.
const ACCEPTING: Duration = Duration::from_secs(5 * 60);

/// The capacity of the channel of failed acceptances. They are received at once.
const FAILURES: usize = 64;

pub(crate) struct Invites {
    bot: Bot,
    parts: Parts,
    invitations: Invitations,
    failures: mpsc::Receiver<Pending>,
    to_failures: mpsc::Sender<Pending>,
}

/// The state that invitations share with the rest of the managed bot.
pub(crate) type Parts = (Arc<GroupHandlers>, Calls, Arc<Counters>);

impl Invites {
    /// Subscribes, then lists, so that no invitation is missed in between.
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

    /// Lists the pending invitations again, after the rules have changed.
    pub(crate) fn list(&mut self) {
        self.invitations.list();
    }

    /// Ends its tasks, and waits until they have ended.
    pub(crate) async fn close(self) {
        self.invitations.close().await;
    }

    /// The next input of [`take`](Self::take). Cancel safe.
    pub(crate) async fn next(&mut self) -> Input {
        loop {
            tokio::select! {
                input = self.invitations.next() => return input,
                Some(failed) = self.failures.recv() => self.invitations.failed(failed),
            }
        }
    }

    /// Returns the calls of handlers, each for the queue of its group.
    pub(crate) fn take(&mut self, input: Input, rules: &Rules) -> Vec<(GroupId, Call)> {
        let calls = &self.parts.1;
        let new = self
            .invitations
            .take(input, |invite| accepts(rules, invite, calls));
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
            info!(%group, name = invite.name, "an invitation is not accepted: the rules exclude the group");
        }
        let bot = self.bot.clone();
        let (handlers, calls, counters) = self.parts.clone();
        let failures = self.to_failures.clone();
        let work = async move {
            if is_accepted {
                if let Err((error, again)) = accept(&mut acceptance, &bot).await {
                    if again {
                        // There is no receiver when the bot is shutting down.
                        let _ = failures.send(Pending { invite, acceptance }).await;
                    }
                    return Err(error);
                }
                // It has ended: the group may invite again while the handlers run.
                drop(acceptance);
                counters.invite_accepted();
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
        // No timeout here: each handler has its own, and the acceptance has `ACCEPTING`.
        Call::new(on_invite(group), None, move || Box::pin(work) as _)
    }
}

fn on_invite(group: GroupId) -> HandlerInfo {
    HandlerInfo::new("on_invite").group(Some(group))
}

/// Returns whether the rules accept an invitation. False if a function of the program panics.
fn accepts(rules: &Rules, invite: &InvitedGroup, calls: &Calls) -> bool {
    catch_panic_in(|| rules.accepts(invite)).unwrap_or_else(|panic| {
        let kind = FailureKind::Panicked(format!("the rule for invitations: {panic}"));
        calls.report(on_invite(invite.id), kind);
        false
    })
}

/// The error, and whether the invitation is tried again later.
async fn accept(acceptance: &mut Acceptance, bot: &Bot) -> Result<(), (HandlerError, bool)> {
    match tokio::time::timeout(ACCEPTING, acceptance.finish(&bot.rest().as_bot())).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            let again = !is_final(&error);
            Err((error.into(), again))
        }
        Err(_) => Err((format!("not accepted within {ACCEPTING:?}").into(), true)),
    }
}
