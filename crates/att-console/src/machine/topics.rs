//! Subscriptions: what is wanted, what the server holds, and the way from the one to the other.

use super::session::Purpose;
use super::{Machine, Output, Phase, Waiter};
use crate::error::ErrorKind;
use crate::frame::Frame;
use crate::name::EventName;
use crate::reply::Reply;
use alta_model::Redactor;
use alta_model::console::event::{CommandExecuted, ConsoleEvent as _};
use alta_model::console::result::SubscriptionResult;
use alta_socket::later;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a request is waited for when the times to ask again are over: servers that load answer minutes later (tavernpy).
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// A subscription that the server failed to make (or to end) is asked for again after this (tavernpy).
const AGAIN_AFTER: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(super) struct Topics<R> {
    linger: Duration,
    topics: HashMap<EventName, Topic<R>>,
}

#[derive(Debug)]
struct Topic<R> {
    wanted: bool,
    held: Held,
    /// A request about it is on the wire.
    asking: bool,
    /// What was asked and is not answered yet, by requests that were given up too.
    asked: Option<Asked>,
    /// It is held, as far as known, but the server is to be asked once more.
    doubted: bool,
    /// Since when it has not been held although it was before: the beginning of a gap.
    lost_since: Option<Instant>,
    /// When the server last confirmed it on this connection.
    confirmed_at: Option<Instant>,
    /// When one that the server failed to make is asked for again.
    retry_at: Option<Instant>,
    /// Until when one that nobody wants any more is kept.
    linger_until: Option<Instant>,
    waiters: Vec<R>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    No,
    Yes,
    /// The server failed to let it go, or did not say whether it has.
    Perhaps,
    /// The server has no such event. Asked again on the next connection.
    Refused,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    step: Step,
    since: Instant,
    /// Not for the first time: what a request that was given up has done is not known.
    is_repeated: bool,
}

impl<R> Default for Topic<R> {
    fn default() -> Self {
        Self {
            wanted: false,
            held: Held::No,
            asking: false,
            asked: None,
            doubted: false,
            lost_since: None,
            confirmed_at: None,
            retry_at: None,
            linger_until: None,
            waiters: Vec::new(),
        }
    }
}

/// What a topic needs sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Subscribe,
    Unsubscribe,
}

impl<R> Topic<R> {
    /// The request that is needed next, and when it is due if not now.
    fn next_step(&self) -> Option<(Step, Option<Instant>)> {
        match (self.wanted, self.held) {
            _ if self.asking => None,
            (true, Held::No | Held::Perhaps) => Some((Step::Subscribe, self.retry_at)),
            (true, Held::Yes) if self.doubted => Some((Step::Subscribe, self.retry_at)),
            (false, Held::Yes | Held::Perhaps) => Some((Step::Unsubscribe, self.linger_until)),
            _ => None,
        }
    }

    /// Notes that this is asked for now, and tells until when to wait for the answer: it may be lost, and asking again does
    /// no harm. `again`: how long after the first time it is asked again.
    fn ask(&mut self, step: Step, again: &[Duration], now: Instant) -> Instant {
        let asked = match self.asked {
            Some(asked) if asked.step == step => Asked {
                is_repeated: true,
                ..asked
            },
            _ => Asked {
                step,
                since: now,
                is_repeated: false,
            },
        };
        self.asking = true;
        self.asked = Some(asked);
        let times = again.iter().map(|after| later(asked.since, *after));
        let next = times.filter(|time| *time > now).min();
        next.unwrap_or_else(|| later(now, PATIENCE))
    }

    /// Notes that no answer is waited for any more; true if it had to be asked again.
    fn answered(&mut self) -> bool {
        self.asking = false;
        self.asked.take().is_some_and(|asked| asked.is_repeated)
    }

    fn is_finished(&self) -> bool {
        !self.wanted && matches!(self.held, Held::No | Held::Refused) && !self.asking
    }
}

impl<R> Topics<R> {
    pub(super) fn new(linger: Duration) -> Self {
        Self {
            linger,
            topics: HashMap::new(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let steps = self.topics.values().filter_map(Topic::next_step);
        steps.filter_map(|(_, due)| due).min()
    }

    /// Nothing is held any more; what was is missed since the link was last heard. Returns what was held and is wanted.
    pub(super) fn link_lost(&mut self, last_heard: Instant) -> Vec<EventName> {
        let mut interrupted = Vec::new();
        self.topics.retain(|name, topic| {
            if topic.held == Held::Yes {
                topic.lost_since.get_or_insert(last_heard);
                if topic.wanted {
                    interrupted.push(name.clone());
                }
            }
            if topic.held == Held::Yes || name.is_sendable() {
                topic.held = Held::No;
            }
            topic.answered();
            topic.doubted = false;
            topic.confirmed_at = None;
            topic.retry_at = None;
            topic.wanted
        });
        interrupted
    }

    /// Whether the server has let it go; if not, it is asked again `at` that time.
    fn unsubscribed(&mut self, name: &EventName, has_let_go: bool, at: Instant) {
        if let Some(topic) = self.topics.get_mut(name) {
            topic.asking = false;
            topic.held = if has_let_go { Held::No } else { Held::Perhaps };
            topic.linger_until = Some(at);
            topic.lost_since = None;
            topic.confirmed_at = None;
            self.forget_if_finished(name);
        }
    }

    /// Nobody knows whether the server holds it: it is asked again.
    pub(super) fn subscribe_not_answered(&mut self, name: &EventName) {
        if let Some(topic) = self.topics.get_mut(name) {
            topic.asking = false;
            match topic.held {
                Held::Yes => topic.doubted = true,
                _ => topic.held = Held::Perhaps,
            }
        }
    }

    pub(super) fn unsubscribe_not_answered(&mut self, name: &EventName, now: Instant) {
        self.unsubscribed(name, false, now);
    }

    pub(super) fn take_waiters(&mut self) -> Vec<R> {
        let topics = self.topics.values_mut();
        topics.flat_map(|topic| topic.waiters.drain(..)).collect()
    }

    fn forget_if_finished(&mut self, name: &EventName) {
        if self.topics.get(name).is_some_and(Topic::is_finished) {
            self.topics.remove(name);
        }
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> std::collections::BTreeSet<String> {
        let held = self
            .topics
            .iter()
            .filter(|(_, topic)| topic.held == Held::Yes);
        held.map(|(name, _)| name.to_string()).collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.topics.len()
    }
}

impl<R: Waiter> Machine<R> {
    pub(super) fn wanted(&mut self, name: &EventName, wanted: bool, now: Instant) {
        if matches!(self.phase, Phase::Closed(_)) {
            return;
        }
        let linger = self.topics.linger;
        let topic = self.topics.topics.entry(name.clone()).or_default();
        if !name.is_sendable() {
            topic.held = Held::Refused;
        }
        if topic.wanted && !wanted {
            topic.linger_until = Some(later(now, linger));
        }
        topic.wanted = wanted;
        if name.as_str() == CommandExecuted::NAME {
            self.hears_commands = wanted;
        }
        if wanted {
            match topic.held {
                Held::Yes => self.outbox.push_back(Output::Confirmed(name.clone(), None)),
                Held::Refused => self.outbox.push_back(Output::Refused(name.clone())),
                Held::No | Held::Perhaps => {}
            }
        }
        self.topics.forget_if_finished(name);
        self.pump_due = Some(now);
    }

    pub(super) fn confirm(&mut self, name: &EventName, waiter: R) {
        if let Phase::Closed(because) = &self.phase {
            let error = ErrorKind::Closed {
                because: because.clone(),
            };
            self.outbox.push_back(Output::Resolve(waiter, Err(error)));
            return;
        }
        let Some(topic) = self.topics.topics.get_mut(name) else {
            // Nobody wants it any more, the one who asked included.
            return;
        };
        match topic.held {
            Held::Yes => self.outbox.push_back(Output::Resolve(waiter, Ok(None))),
            Held::Refused => {
                let error = no_such_event(name);
                self.outbox.push_back(Output::Resolve(waiter, Err(error)));
            }
            Held::No | Held::Perhaps => {
                topic.waiters.retain(|waiter| !waiter.is_gone());
                topic.waiters.push(waiter);
            }
        }
    }

    /// Sends what is needed to make the server hold what is wanted.
    pub(super) fn reconcile(&mut self, now: Instant) {
        let Phase::Session(session) = &mut self.phase else {
            return;
        };
        for (name, topic) in &mut self.topics.topics {
            let Some((step, due)) = topic.next_step() else {
                continue;
            };
            if due.is_some_and(|due| due > now) {
                continue;
            }
            let until = topic.ask(step, &self.config.ask_again, now);
            topic.doubted = false;
            if matches!(step, Step::Unsubscribe) {
                // From here on nobody can count on it: who comes now waits for the next confirmation.
                topic.held = Held::No;
                topic.confirmed_at = None;
            }
            let (verb, purpose) = match step {
                Step::Subscribe => ("subscribe", Purpose::Subscribe(name.clone())),
                Step::Unsubscribe => ("unsubscribe", Purpose::Unsubscribe(name.clone())),
            };
            let id = session.begin(purpose, now, until);
            tracing::debug!(event = %name, id, "asking to {verb}");
            let line: Arc<str> = format!("websocket {verb} {name}").into();
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

    /// A server that just started may have lost subscriptions: ask for all of them again at the appointed times.
    pub(super) fn ask_again_if_due(&mut self, now: Instant) {
        let Phase::Session(session) = &mut self.phase else {
            return;
        };
        let Some(after) = self.config.ask_again.get(session.asked_again) else {
            return;
        };
        if later(session.since, *after) > now {
            return;
        }
        session.asked_again += 1;
        for (name, topic) in &mut self.topics.topics {
            topic.doubted = topic.wanted && topic.held == Held::Yes;
            if topic.doubted {
                self.outbox.push_back(Output::Doubted(name.clone()));
            }
        }
    }

    pub(super) fn unsubscribe_answered(&mut self, name: &EventName, frame: Frame, now: Instant) {
        let failure = match read_outcome(frame, &self.redactor) {
            Outcome::Failed(error) => Some(error),
            _ => None,
        };
        if let Some(error) = &failure {
            tracing::debug!(event = %name, %error, "unsubscribing failed, trying again");
        }
        let again = later(now, AGAIN_AFTER);
        if let Some(topic) = self.topics.topics.get_mut(name) {
            topic.answered();
        }
        self.topics.unsubscribed(name, failure.is_none(), again);
    }

    pub(super) fn subscribe_answered(&mut self, name: &EventName, frame: Frame, now: Instant) {
        let outcome = read_outcome(frame, &self.redactor);
        let Some(topic) = self.topics.topics.get_mut(name) else {
            return;
        };
        let is_repeated = topic.answered();
        match outcome {
            Outcome::Done { already } => {
                tracing::debug!(event = %name, "subscribed");
                topic.held = Held::Yes;
                topic.retry_at = None;
                // Held once on this connection and then not any more: everything since then was missed. In doubt it was not:
                // the answer that would say so may be the one that never came.
                let gap = match (topic.lost_since.take(), topic.confirmed_at) {
                    (Some(since), _) => Some((since, now)),
                    (None, Some(confirmed)) if already == Some(false) || is_repeated => {
                        Some((confirmed, now))
                    }
                    _ => None,
                };
                topic.confirmed_at = Some(now);
                if gap.is_some() {
                    self.counters.gaps.add_one();
                }
                self.outbox.push_back(Output::Confirmed(name.clone(), gap));
                for waiter in topic.waiters.drain(..) {
                    self.outbox.push_back(Output::Resolve(waiter, Ok(None)));
                }
            }
            Outcome::NoSuchEvent => {
                topic.held = Held::Refused;
                self.outbox.push_back(Output::Refused(name.clone()));
                if topic.lost_since.is_some() || topic.confirmed_at.is_some() {
                    self.counters.refused.add_one();
                    tracing::warn!(event = %name, "the server no longer has an event that was subscribed to");
                }
                for waiter in topic.waiters.drain(..) {
                    let error = no_such_event(name);
                    self.outbox.push_back(Output::Resolve(waiter, Err(error)));
                }
            }
            Outcome::Failed(error) => {
                // Modules are missing while a server loads; this heals.
                tracing::debug!(event = %name, %error, "subscribing failed, trying again");
                topic.retry_at = Some(now + AGAIN_AFTER);
                topic.doubted = topic.held == Held::Yes;
            }
        }
        self.topics.forget_if_finished(name);
    }
}

enum Outcome {
    /// As was asked for. `already`: it was so before. Older servers do not tell.
    Done {
        already: Option<bool>,
    },
    NoSuchEvent,
    Failed(ErrorKind),
}

/// The answer to `websocket subscribe` or `unsubscribe`: a word, a number, or the text of older servers.
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
                "{:?} is no answer to a subscription",
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
