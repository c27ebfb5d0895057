use super::conn::Open;
use super::{Cx, Gap, Lane, LaneState, Loss, Output, Phase};
use crate::error::Error;
use crate::topic::Topic;
use alta_socket::{Backoff, later};
use std::time::Instant;

/// After so many failures in a row a subscription's trouble is shown: fewer are the service's daily life.
const KEEPS_FAILING: u32 = 3;

/// Whether the server holds a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Held {
    #[default]
    No,
    Yes,
    /// A request got no answer, so it may or may not.
    Unknown,
    /// It never will; nothing is tried until somebody asks again.
    Refused,
}

/// What is being done for a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Work {
    #[default]
    Idle,
    /// It is to be looked at.
    Queued,
    /// A request for it is on its way: there is never a second.
    InFlight,
}

/// What is known of one topic.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(super) wanted: bool,
    pub(super) held: Held,
    pub(super) work: Work,
    /// The request was repeated since its token was refused, which is done once.
    pub(super) renewed: bool,
    /// It is to be asked for by itself, since a batch did not achieve it.
    pub(super) single: bool,
    /// Since when it has not been wanted any more, plus the linger.
    linger_until: Option<Instant>,
    pub(super) retry_at: Option<Instant>,
    timer: Option<Instant>,
    /// Since when events may have been missed, and when that was noticed.
    pub(super) lost: Option<(Instant, Instant)>,
    pub(super) backoff: Option<Box<Backoff>>,
}

enum Step {
    Rest,
    Forget,
    Wait(Instant),
    Subscribe,
    Unsubscribe,
}

impl Entry {
    fn next_step(&self, now: Instant) -> Step {
        let not_before = match (self.wanted, self.held) {
            (true, Held::Yes | Held::Refused) => return Step::Rest,
            (true, Held::No | Held::Unknown) => self.retry_at,
            (false, Held::No | Held::Refused) => return Step::Forget,
            (false, Held::Yes | Held::Unknown) => self.retry_at.max(self.linger_until),
        };
        match not_before {
            Some(at) if at > now => Step::Wait(at),
            _ if self.wanted => Step::Subscribe,
            _ => Step::Unsubscribe,
        }
    }

    /// Whether it may be asked for together with others.
    pub(super) fn is_for_a_batch(&self, now: Instant) -> bool {
        !self.single && matches!(self.next_step(now), Step::Subscribe)
    }

    /// Nothing is held any more; a reader who was served before has been missing events since then.
    fn lose(&mut self, since: Instant, now: Instant) {
        if self.held == Held::Yes {
            // Several losses before it is held again are one gap.
            self.lost.get_or_insert((since, now));
        }
        // A refusal stands, unless it was held before: the service may have been in a bad state.
        if self.held != Held::Refused || self.lost.is_some() {
            self.held = Held::No;
        }
        self.work = Work::Idle;
        self.renewed = false;
        self.single = false;
        self.retry_at = None;
        self.timer = None;
        self.backoff = None;
    }
}

impl Lane {
    /// Somebody came for this topic.
    pub(crate) fn want(&mut self, topic: &Topic, cx: &mut Cx<'_>) {
        let entry = self.topics.entry(topic.clone()).or_default();
        entry.wanted = true;
        entry.linger_until = None;
        if entry.held == Held::Refused {
            entry.held = Held::No;
        }
        if entry.held == Held::Yes {
            self.confirm(topic, cx);
            return;
        }
        if self.enqueue(topic) {
            self.gather(cx.now);
        }
        self.pump(cx);
    }

    /// Nobody wants this topic any more.
    pub(crate) fn unwant(&mut self, topic: &Topic, cx: &mut Cx<'_>) {
        let linger_until = later(cx.now, self.config.linger);
        self.leave(topic, linger_until, cx);
    }

    /// Another socket holds this topic now. If this one had lost it, and not been confirmed anew: since when, and when that
    /// was noticed.
    pub(crate) fn hand_on(&mut self, topic: &Topic, cx: &mut Cx<'_>) -> Option<(Instant, Instant)> {
        let entry = self.topics.get_mut(topic)?;
        let lost = entry.lost.take().filter(|_| entry.wanted);
        self.leave(topic, cx.now, cx);
        lost
    }

    fn leave(&mut self, topic: &Topic, linger_until: Instant, cx: &mut Cx<'_>) {
        let Some(entry) = self.topics.get_mut(topic) else {
            return;
        };
        entry.wanted = false;
        entry.linger_until = Some(linger_until);
        if !matches!(self.phase, Phase::Up(_)) {
            self.forget(topic, cx);
            return;
        }
        self.enqueue(topic);
        self.pump(cx);
    }

    /// Forgets a topic that is wanted and was refused, and gives what is known of it to another socket.
    pub(crate) fn give_away_refused(&mut self, topic: &Topic, cx: &mut Cx<'_>) -> Option<Entry> {
        let entry = self.topics.get(topic)?;
        let is_refused = entry.held == Held::Refused && entry.work == Work::Idle;
        is_refused.then(|| self.forget(topic, cx)).flatten()
    }

    /// Takes such a topic.
    pub(crate) fn take_refused(&mut self, topic: Topic, entry: Entry) {
        self.topics.insert(topic, entry);
    }

    /// Says once more that a topic is held, if it is.
    pub(crate) fn confirm(&self, topic: &Topic, cx: &mut Cx<'_>) {
        let entry = self.topics.get(topic);
        if entry.is_some_and(|entry| entry.held == Held::Yes) {
            let (topic, gap) = (topic.clone(), None);
            cx.shared.out.push_back(Output::Confirmed { topic, gap });
        }
    }

    /// Whether nothing is being done about any of its topics: the server holds them, or refused them for good, or is to
    /// be asked again later since it fails.
    pub(crate) fn is_settled(&self) -> bool {
        let settled = |entry: &Entry| {
            let stands = matches!(entry.held, Held::Yes | Held::Refused) || entry.backoff.is_some();
            entry.wanted && stands && entry.work == Work::Idle
        };
        self.state() == LaneState::Ready && self.topics.values().all(settled)
    }

    /// Its topics, in a fixed order.
    pub(crate) fn topics(&self) -> Vec<Topic> {
        let mut topics: Vec<_> = self.topics.keys().cloned().collect();
        topics.sort_unstable();
        topics
    }

    /// The next request for a topic that is due.
    pub(super) fn next_for_topic(&mut self, cx: &mut Cx<'_>) -> Option<Open> {
        if let Some(batch) = self.next_batch(cx) {
            return Some(batch);
        }
        let holds_back = self.holds_back(cx);
        for _ in 0..self.due.len() {
            let Some(topic) = self.due.pop_front() else {
                break;
            };
            let Some(entry) = self.topics.get_mut(&topic) else {
                continue;
            };
            if holds_back && entry.is_for_a_batch(cx.now) {
                self.due.push_back(topic);
                continue;
            }
            entry.work = Work::Idle;
            match entry.next_step(cx.now) {
                Step::Rest => {}
                Step::Forget => {
                    self.forget(&topic, cx);
                }
                Step::Wait(until) => self.wake_at(until, topic),
                Step::Subscribe => {
                    entry.work = Work::InFlight;
                    return Some(Open::subscribe(&topic));
                }
                Step::Unsubscribe => {
                    entry.work = Work::InFlight;
                    // From here on nobody can tell, until the answer.
                    entry.held = Held::Unknown;
                    return Some(Open::unsubscribe(&topic));
                }
            }
        }
        None
    }

    /// Topics whose time has come.
    pub(super) fn wake_topics(&mut self, cx: &mut Cx<'_>) {
        while let Some((at, topic)) = self.timers.pop_first() {
            if at > cx.now {
                self.timers.insert((at, topic));
                return;
            }
            if let Some(entry) = self.topics.get_mut(&topic) {
                entry.timer = None;
                self.enqueue(&topic);
            }
        }
    }

    /// Looks at a topic as soon as a request may be sent, and tells whether that is news. Without a connection there is
    /// no hurry: when there is one, all are looked at.
    pub(super) fn enqueue(&mut self, topic: &Topic) -> bool {
        if matches!(self.phase, Phase::Up(_))
            && let Some(entry) = self.topics.get_mut(topic)
            && entry.work == Work::Idle
        {
            entry.work = Work::Queued;
            self.due.push_back(topic.clone());
            return true;
        }
        false
    }

    fn wake_at(&mut self, at: Instant, topic: Topic) {
        let Some(entry) = self.topics.get_mut(&topic) else {
            return;
        };
        if let Some(earlier) = entry.timer.replace(at) {
            self.timers.remove(&(earlier, topic.clone()));
        }
        self.timers.insert((at, topic));
    }

    fn forget(&mut self, topic: &Topic, cx: &mut Cx<'_>) -> Option<Entry> {
        cx.no_failure(topic);
        let mut entry = self.topics.remove(topic)?;
        if let Some(at) = entry.timer.take() {
            self.timers.remove(&(at, topic.clone()));
        }
        cx.shared.released.push(topic.clone());
        Some(entry)
    }

    /// The server holds nothing any more.
    pub(super) fn lose_topics(&mut self, since: Instant, cx: &mut Cx<'_>) {
        self.due.clear();
        self.timers.clear();
        self.gather_until = None;
        self.interrupt(since, cx.now, cx);
        let mut unwanted = Vec::new();
        for (topic, entry) in &mut self.topics {
            entry.lose(since, cx.now);
            if !entry.wanted {
                unwanted.push(topic.clone());
            }
        }
        for topic in unwanted {
            self.forget(&topic, cx);
        }
    }

    /// Tells who reads what is held that its link is lost: last heard `since` then, which was `noticed` later.
    pub(super) fn interrupt(&self, since: Instant, noticed: Instant, cx: &mut Cx<'_>) {
        let loss = Loss { since, noticed };
        for (topic, entry) in &self.topics {
            if entry.wanted && entry.held == Held::Yes {
                let topic = topic.clone();
                cx.shared.out.push_back(Output::Interrupted { topic, loss });
            }
        }
    }

    /// Asks for everything that is wanted, on a link that holds nothing yet.
    pub(super) fn ask_for_all(&mut self) {
        // In a fixed order, so that what is sent does not depend on how a table is laid out.
        for topic in self.topics() {
            self.enqueue(&topic);
        }
    }

    /// The server confirmed this subscription.
    pub(super) fn hold(&mut self, topic: &Topic, cx: &mut Cx<'_>) {
        cx.no_failure(topic);
        let Some(entry) = self.topics.get_mut(topic) else {
            return;
        };
        entry.held = Held::Yes;
        entry.renewed = false;
        entry.retry_at = None;
        entry.backoff = None;
        let gap = entry.lost.take().map(|(since, noticed)| Gap {
            since,
            noticed,
            until: cx.now,
        });
        cx.shared.totals.gaps += u64::from(gap.is_some() && entry.wanted);
        cx.shared.out.push_back(Output::Confirmed {
            topic: topic.clone(),
            gap,
        });
    }

    /// Every subscription was moved, but the link they were on was lost before everything was read from it.
    pub(super) fn confirm_all_with_gap(&mut self, since: Instant, until: Instant, cx: &mut Cx<'_>) {
        // Who came after that has missed nothing.
        let noticed = until;
        self.interrupt(since, noticed, cx);
        let gap = Gap {
            since,
            noticed,
            until,
        };
        for (topic, entry) in &self.topics {
            if entry.held == Held::Yes {
                cx.shared.totals.gaps += u64::from(entry.wanted);
                cx.shared.out.push_back(Output::Confirmed {
                    topic: topic.clone(),
                    gap: Some(gap),
                });
            }
        }
    }

    /// Tries this topic again, but not at once.
    pub(super) fn retry_later(&mut self, topic: &Topic, error: &Error, cx: &mut Cx<'_>) {
        let policy = self.config.reconnect;
        let seed = self.random.u64(..);
        let Some(entry) = self.topics.get_mut(topic) else {
            return;
        };
        let backoff = entry
            .backoff
            .get_or_insert_with(|| Box::new(Backoff::new(policy, seed)));
        entry.retry_at = Some(later(cx.now, backoff.next_delay()));
        // If it was not the token that failed, the next one that is refused is another.
        entry.renewed &= error.is_of_the_token();
        cx.shared.totals.failed_attempts += 1;
        if backoff.attempt() >= KEEPS_FAILING {
            tracing::warn!(topic = topic.name(), ?error, "a subscription keeps failing");
            cx.shared.last_failure = Some((topic.clone(), error.to_string().into()));
        } else {
            tracing::debug!(
                topic = topic.name(),
                ?error,
                "a subscription is tried again"
            );
        }
        self.enqueue(topic);
    }
}
