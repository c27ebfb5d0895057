use std::time::{Duration, Instant};

/// How long a stream of which some subscriptions are back waits for the others before it is told of the gap so far. Longer
/// than a responsive server takes. A stream whose last subscription never comes back must not wait forever.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one stream misses: from the first loss of one of its subscriptions to the last confirmation, one gap.
///
/// A subscription is unserved (not confirmed since the stream began), held, asked (it is held as far as known, but the
/// server is asked whether it is), lost, or refused.
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
    /// When the last subscription came back, if one has.
    until: Option<Instant>,
    /// When the first one did.
    restored: Option<Instant>,
    /// Up to here it was told already.
    told: Option<Instant>,
}

/// How one subscription stands with one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Unserved,
    Held,
    Asked,
    Lost,
    /// `served`: it was held before. Else nothing was missed of it.
    Refused {
        served: bool,
    },
}

impl Outage {
    /// Notes a subscription of the stream.
    pub(crate) fn add(&mut self, standing: Standing) {
        if let Some(count) = self.count(standing) {
            *count += 1;
        }
    }

    /// Notes that there is a subscription less.
    pub(crate) fn remove(&mut self, standing: Standing) {
        if let Some(count) = self.count(standing) {
            *count = count.saturating_sub(1);
        }
    }

    /// Notes that a subscription stands in another way.
    pub(crate) fn change(&mut self, standing: &mut Standing, to: Standing) {
        self.remove(*standing);
        self.add(to);
        *standing = to;
    }

    fn count(&mut self, standing: Standing) -> Option<&mut usize> {
        match standing {
            Standing::Unserved => Some(&mut self.unserved),
            Standing::Held => Some(&mut self.held),
            Standing::Asked => Some(&mut self.asked),
            Standing::Lost => Some(&mut self.lost),
            Standing::Refused { .. } => None,
        }
    }

    /// A subscription is lost. Nothing of it was heard since then.
    pub(crate) fn begins(&mut self, since: Instant) {
        self.gap_since(since).until = None;
    }

    /// A subscription is back, and its events between these two moments were missed.
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

    /// The gap, if it is over: nothing more is waited for.
    pub(crate) fn closed(&mut self) -> Option<(Instant, Instant)> {
        if self.lost + self.asked > 0 {
            return None;
        }
        let gap = self.gap?;
        let between = (gap.since, gap.until?);
        self.gap = None;
        Some(between)
    }

    /// Whether events come again though the gap is not over.
    pub(crate) fn is_partly_over(&self) -> bool {
        self.gap.is_some_and(|gap| gap.restored.is_some())
    }

    /// The gap so far, if the rest of it has been waited for long enough. What is left is a gap of its own.
    pub(crate) fn overdue(&mut self, now: Instant) -> Option<(Instant, Instant)> {
        let gap = self.gap?;
        if now.saturating_duration_since(gap.restored?) < PATIENCE {
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

    /// The gap as it is when the stream ends.
    pub(crate) fn end(&mut self, now: Instant) -> Option<(Instant, Instant)> {
        self.gap.take().map(|gap| (gap.since, now.max(gap.since)))
    }

    /// Since when events may be missing, as far as that was not told yet.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.gap.map(|gap| gap.since)
    }

    /// Whether the server holds the subscriptions, as far as known: all but those that it refused.
    pub(crate) fn is_live(&self) -> bool {
        self.gap.is_none() && self.unserved + self.lost == 0 && self.held + self.asked > 0
    }
}
