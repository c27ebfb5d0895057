use std::time::{Duration, Instant};

/// The time for which a stream waits for its other subscriptions after some are confirmed, before it yields the gap so
/// far. It is longer than a responsive server needs. A stream whose last subscription is never confirmed must not wait
/// without end.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The outage of one stream: one gap from the first loss of one of its subscriptions to the last confirmation.
///
/// A subscription is unserved (not confirmed since the stream began), held, asked (held as far as known, but a request
/// to confirm it is in flight), lost, or refused.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    unserved: usize,
    held: usize,
    asked: usize,
    lost: usize,
    gap: Option<Gap>,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    since: Instant,
    /// The time of the last confirmation, if there is one.
    until: Option<Instant>,
    /// The time of the first confirmation.
    restored: Option<Instant>,
    /// The end of the part that was already yielded.
    told: Option<Instant>,
}

/// The state of one subscription for one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyState {
    Unserved,
    Held,
    Asked,
    Lost,
    /// `served`: it was held before. Otherwise none of its events were missed.
    Refused {
        served: bool,
    },
}

impl Outage {
    /// Adds a subscription of the stream.
    pub(crate) fn add(&mut self, state: KeyState) {
        if let Some(count) = self.count(state) {
            *count += 1;
        }
    }

    /// Removes a subscription of the stream.
    pub(crate) fn remove(&mut self, state: KeyState) {
        if let Some(count) = self.count(state) {
            *count = count.saturating_sub(1);
        }
    }

    /// Changes the state of a subscription.
    pub(crate) fn change(&mut self, state: &mut KeyState, to: KeyState) {
        self.remove(*state);
        self.add(to);
        *state = to;
    }

    fn count(&mut self, state: KeyState) -> Option<&mut usize> {
        match state {
            KeyState::Unserved => Some(&mut self.unserved),
            KeyState::Held => Some(&mut self.held),
            KeyState::Asked => Some(&mut self.asked),
            KeyState::Lost => Some(&mut self.lost),
            KeyState::Refused { .. } => None,
        }
    }

    /// A subscription is lost. Its last frame arrived at `since`.
    pub(crate) fn begins(&mut self, since: Instant) {
        self.gap_since(since).until = None;
    }

    /// A subscription is confirmed again; its events between these two times were missed.
    pub(crate) fn ends(&mut self, since: Instant, until: Instant) {
        let gap = self.gap_since(since);
        gap.until = gap.until.max(Some(until));
        gap.restored.get_or_insert(until);
    }

    fn gap_since(&mut self, since: Instant) -> &mut Gap {
        let gap = self.gap.get_or_insert(Gap {
            since,
            until: None,
            restored: None,
            told: None,
        });
        gap.since = gap
            .since
            .min(gap.told.map_or(since, |told| since.max(told)));
        gap
    }

    /// The gap, if it is over: no confirmation is missing.
    pub(crate) fn closed(&mut self) -> Option<(Instant, Instant)> {
        if self.lost + self.asked > 0 {
            return None;
        }
        let gap = self.gap?;
        let between = (gap.since, gap.until?);
        self.gap = None;
        Some(between)
    }

    /// Returns whether events arrive again although the gap is not over.
    pub(crate) fn is_partly_over(&self) -> bool {
        self.gap.is_some_and(|gap| gap.restored.is_some())
    }

    /// The gap so far, if the wait for the other confirmations is over. The rest will be another gap.
    pub(crate) fn overdue(&mut self, now: Instant) -> Option<(Instant, Instant)> {
        let gap = self.gap?;
        if now.saturating_duration_since(gap.restored?) < LONGEST_WAIT {
            return None;
        }
        self.gap = (self.lost > 0).then_some(Gap {
            since: now,
            until: None,
            restored: None,
            told: Some(now),
        });
        Some((gap.since, now))
    }

    /// The gap at the end of the stream.
    pub(crate) fn end(&mut self, now: Instant) -> Option<(Instant, Instant)> {
        self.gap.take().map(|gap| (gap.since, now.max(gap.since)))
    }

    /// The time since which events may be missing, without the part that was already yielded.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.gap.map(|gap| gap.since)
    }

    /// Returns whether the server holds all subscriptions, as far as known, except refused ones.
    pub(crate) fn is_live(&self) -> bool {
        self.gap.is_none() && self.unserved + self.lost == 0 && self.held + self.asked > 0
    }
}
