//! Subscriptions: the ledger, and its requests to the server.

use super::session::Purpose;
use super::{Machine, Output, State, Waiter};
use crate::config::Config;
use crate::error::ErrorKind;
use crate::wire::event_name::EventName;
use crate::wire::frame::Frame;
use crate::wire::reply::Reply;
use alta_model::Redactor;
use alta_model::console::event::{CommandExecuted, ConsoleEvent as _};
use alta_model::console::result::SubscriptionResult;
use alta_socket::{Held, Ledger, Step, Waiters, deadline_after};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The timeout of a request after the last time of repetition: servers that load reply minutes later (tavernpy).
const LAST_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// The number of consecutive failures after which a warning is logged: fewer are usual while a server loads.
const KEEPS_FAILING: u32 = 3;

#[derive(Debug)]
pub(super) struct Topics<R> {
    ledger: Ledger<EventName>,
    /// The callers that wait until the server holds an event.
    waiters: Waiters<EventName, R>,
}

impl<R: Waiter> Topics<R> {
    pub(super) fn new(config: &Config, seed: u64) -> Self {
        Self {
            ledger: Ledger::new(config.linger, config.backoff, seed),
            waiters: Waiters::default(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ledger.deadline()
    }

    /// A session has begun, in which the server holds no subscription yet.
    pub(super) fn logged_in(&mut self) {
        self.ledger.connected();
    }

    /// No subscription is held any more. Returns the events that were held and are wanted.
    pub(super) fn link_lost(&mut self, last_heard: Instant, now: Instant) -> Vec<EventName> {
        let refusal_stands = |name: &EventName| !name.is_sendable();
        let lost = self.ledger.disconnected(last_heard, now, refusal_stands);
        lost.interrupted
    }

    /// A request timed out: it is repeated.
    pub(super) fn no_reply(&mut self, name: &EventName) {
        self.ledger.no_reply(name);
    }

    pub(super) fn take_waiters(&mut self) -> impl Iterator<Item = R> + use<R> {
        self.waiters.take_all()
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> std::collections::BTreeSet<String> {
        let held = self.ledger.all_held();
        held.map(|(name, _)| name.to_string()).collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ledger.len()
    }
}

/// The time at which a request that is made now is repeated without a reply: it can be lost, and a repetition is
/// harmless. `since` is the time of its first attempt.
fn repeat_at(since: Instant, again: &[Duration], now: Instant) -> Instant {
    let times = again.iter().map(|after| deadline_after(since, *after));
    let next = times.filter(|time| *time > now).min();
    next.unwrap_or_else(|| deadline_after(now, LAST_TIMEOUT))
}

impl<R: Waiter> Machine<R> {
    pub(super) fn wanted(&mut self, name: &EventName, wanted: bool, now: Instant) {
        if matches!(self.state, State::Closed(_)) {
            return;
        }
        if name.as_str() == CommandExecuted::NAME {
            self.hears_commands = wanted;
        }
        let Topics { ledger, waiters } = &mut self.topics;
        if !wanted {
            ledger.unwant(name, now);
            // The caller had a stream.
            drop(waiters.take(name));
        } else if !name.is_sendable() {
            ledger.want(name);
            ledger.refused(name);
            self.outbox.push_back(Output::Refused(name.clone()));
        } else if ledger.want(name).is_held {
            self.outbox.push_back(Output::Confirmed(name.clone(), None));
        }
        self.send_due = Some(now);
    }

    pub(super) fn confirm(&mut self, name: &EventName, waiter: R) {
        let result = match (&self.state, self.topics.ledger.held(name)) {
            (State::Closed(because), _) => Err(ErrorKind::Closed {
                because: because.clone(),
            }),
            (_, Some(Held::Yes)) => Ok(None),
            (_, Some(Held::Refused)) => Err(no_such_event(name)),
            (_, Some(Held::No | Held::Unknown)) => {
                self.topics.waiters.add(name, waiter);
                return;
            }
            // No stream needs it any more, so no caller waits for it.
            (_, None) => return,
        };
        self.outbox.push_back(Output::Resolve(waiter, result));
    }

    /// Sends the requests by which the server comes to hold the wanted subscriptions.
    pub(super) fn reconcile(&mut self, now: Instant) {
        let State::Session(session) = &mut self.state else {
            return;
        };
        let ledger = &mut self.topics.ledger;
        ledger.wake(now);
        while let Some(step) = ledger.next(now, false) {
            let (verb, purpose, name, since) = match step {
                Step::Forgotten(_) => continue,
                Step::Subscribe { key, since } => {
                    ("subscribe", Purpose::Subscribe(key.clone()), key, since)
                }
                Step::Unsubscribe { key, since } => {
                    ("unsubscribe", Purpose::Unsubscribe(key.clone()), key, since)
                }
            };
            let until = repeat_at(since, &self.config.resubscribe_after, now);
            let id = session.begin(purpose, now, until);
            tracing::debug!(event = %name, id, "requesting to {verb}");
            let line = Arc::new(format!("websocket {verb} {name}"));
            if self.hears_commands {
                session.own.sent(id, &line);
            }
            self.outbox.push_back(Output::Send {
                link: session.link,
                id,
                line,
                owner: None,
            });
        }
    }

    /// A server that has just started can lose subscriptions: requests all of them again at fixed times.
    pub(super) fn resubscribe_if_due(&mut self, now: Instant) {
        let State::Session(session) = &mut self.state else {
            return;
        };
        let Some(after) = self.config.resubscribe_after.get(session.resubscribed) else {
            return;
        };
        if deadline_after(session.since, *after) > now {
            return;
        }
        session.resubscribed += 1;
        let doubted = self.topics.ledger.doubt().into_iter();
        self.outbox.extend(doubted.map(Output::Doubted));
    }

    pub(super) fn unsubscribe_replied(&mut self, name: &EventName, frame: Frame, now: Instant) {
        match read_outcome(frame, &self.redactor) {
            Outcome::Failed(error) => self.retry_later(name, true, &error, now),
            Outcome::Done { .. } | Outcome::NoSuchEvent => self.topics.ledger.released(name),
        }
    }

    pub(super) fn subscribe_replied(&mut self, name: &EventName, frame: Frame, now: Instant) {
        match read_outcome(frame, &self.redactor) {
            Outcome::Done { already } => {
                let confirmed = self.topics.ledger.confirmed(name, already, now);
                let Some(confirmed) = confirmed else {
                    return;
                };
                tracing::debug!(event = %name, "subscribed");
                let is_missed = confirmed.gap.is_some() && confirmed.is_wanted;
                self.counters.gaps.add_if(is_missed);
                let gap = confirmed.gap.map(|gap| (gap.since, gap.until));
                self.outbox.push_back(Output::Confirmed(name.clone(), gap));
                for waiter in self.topics.waiters.take(name) {
                    self.outbox.push_back(Output::Resolve(waiter, Ok(None)));
                }
            }
            Outcome::NoSuchEvent => {
                let Some(was_held) = self.topics.ledger.refused(name) else {
                    return;
                };
                self.outbox.push_back(Output::Refused(name.clone()));
                if was_held {
                    self.counters.refused_subscriptions.add_one();
                    tracing::warn!(event = %name, "a subscription was refused");
                }
                for waiter in self.topics.waiters.take(name) {
                    let error = no_such_event(name);
                    self.outbox.push_back(Output::Resolve(waiter, Err(error)));
                }
            }
            // Modules are missing while a server loads; a later request succeeds.
            Outcome::Failed(error) => self.retry_later(name, false, &error, now),
        }
    }

    /// Tries this event again after a backoff. `is_unknown`: the server may have performed the request.
    fn retry_later(&mut self, name: &EventName, is_unknown: bool, error: &ErrorKind, now: Instant) {
        let Some(failures) = self.topics.ledger.failed(name, is_unknown, now) else {
            return;
        };
        self.counters.failed_attempts.add_one();
        if failures == KEEPS_FAILING {
            tracing::warn!(event = %name, %error, "a subscription fails repeatedly");
        } else {
            tracing::debug!(event = %name, %error, "a subscription failed and will be tried again");
        }
    }
}

enum Outcome {
    /// The request succeeded. `already`: the state was the same before. Older servers do not report this.
    Done {
        already: Option<bool>,
    },
    NoSuchEvent,
    Failed(ErrorKind),
}

/// The reply to `websocket subscribe` or `unsubscribe`: a word, a number, or the string of older servers.
fn read_outcome(frame: Frame, redactor: &Redactor) -> Outcome {
    let reply = match Reply::of(frame, redactor) {
        Ok(reply) => reply,
        Err(error) => return Outcome::Failed(error),
    };
    match reply.read::<SubscriptionResult>() {
        Ok(SubscriptionResult::Success) => Outcome::Done {
            already: Some(false),
        },
        Ok(SubscriptionResult::Unchanged) => Outcome::Done {
            already: Some(true),
        },
        Ok(SubscriptionResult::NotFound) => Outcome::NoSuchEvent,
        Ok(SubscriptionResult::Unknown(text))
            if text.starts_with("Subscribed") || text.starts_with("Unsubscribed") =>
        {
            Outcome::Done { already: None }
        }
        Ok(other) => Outcome::Failed(ErrorKind::Decode {
            reason: format!(
                "{:?} is not a reply to a subscription",
                redactor.redact(other.as_str())
            ),
        }),
        Err(error) => Outcome::Failed(error.kind().clone()),
    }
}

fn no_such_event(name: &EventName) -> ErrorKind {
    let suggestions = name.suggestions().into_iter();
    ErrorKind::EventNotFound {
        suggestions: suggestions.map(str::to_owned).collect(),
    }
}
