//! What one stream yielded of a server's numbered events, and whether that is right.

use crate::server::Times;
use alta_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// How long after it was sent a number may still be explained by a gap.
const EXPLAINED_WITHIN: Duration = Duration::from_secs(20);

/// What arrives on an idle machine is younger than this.
const LEAST_TOLERANCE: Duration = Duration::from_millis(50);

/// One stream's book. Numbers rise by one; what does not arrive was sent inside a reported gap, or was dropped for a slow
/// reader and counted.
#[derive(Debug, Default)]
pub(crate) struct Book {
    last: Option<Arrived>,
    gaps: VecDeque<Gap>,
    missing: VecDeque<(u64, Timestamp)>,
    /// The largest time from sending to receiving.
    latency: Duration,
    pub(crate) arrived: u64,
    pub(crate) in_gaps: u64,
    pub(crate) unexplained: u64,
    pub(crate) lagged: u64,
    pub(crate) gaps_told: u64,
    pub(crate) longest_gap: Duration,
    pub(crate) faults: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) number: u64,
    /// On which of the server's sessions it was sent.
    pub(crate) session: u64,
    /// Whether the server had confirmed the subscription before, on that session.
    pub(crate) is_confirmed: bool,
    pub(crate) received: Timestamp,
}

#[derive(Debug)]
struct Gap {
    since: Timestamp,
    until: Timestamp,
    /// The event that the stream yielded before it.
    before: Option<Arrived>,
    is_checked: bool,
}

impl Book {
    pub(crate) fn arrived(&mut self, event: Arrived, times: &Times) {
        self.arrived += 1;
        let Some(last) = self.last.replace(event) else {
            return;
        };
        if event.number <= last.number {
            let fault = format!("number {} came after {}", event.number, last.number);
            return self.fault(fault);
        }
        for number in last.number + 1..event.number {
            match times.sent(number) {
                Some(time) => self.missing.push_back((number, time)),
                None => self.fault(format!("number {number} is missing and long forgotten")),
            }
        }
        if let Some(sent) = times.sent(event.number) {
            self.latency = self
                .latency
                .max(event.received.saturating_duration_since(sent));
        }
        self.check_gaps(event);
        self.explain(event.received, EXPLAINED_WITHIN);
    }

    pub(crate) fn gap(&mut self, since: Timestamp, until: Timestamp) {
        self.gaps_told += 1;
        self.longest_gap = self.longest_gap.max(until.saturating_duration_since(since));
        self.gaps.push_back(Gap {
            since,
            until,
            before: self.last,
            is_checked: false,
        });
    }

    pub(crate) fn fault(&mut self, fault: String) {
        if self.faults.len() < 10 {
            self.faults.push(fault);
        }
    }

    pub(crate) fn last(&self) -> u64 {
        self.last.map_or(0, |last| last.number)
    }

    /// Everything that is missing is explained now, or never.
    pub(crate) fn close(&mut self) {
        self.explain(Timestamp::now(), Duration::ZERO);
    }

    fn tolerance(&self) -> Duration {
        LEAST_TOLERANCE.max(self.latency * 2)
    }

    /// A gap is no longer than what is missing: it begins when the lost connection was last heard, and ends before the next
    /// event.
    fn check_gaps(&mut self, next: Arrived) {
        let tolerance = self.tolerance();
        let mut faults = Vec::new();
        for gap in self.gaps.iter_mut().filter(|gap| !gap.is_checked) {
            gap.is_checked = true;
            if !is_before(gap.until, next.received, tolerance) {
                faults.push(format!("a gap until {} ends after {next:?}", gap.until));
            }
            // A connection that is lost before its confirmation lies in the gap, though it brought events.
            if let Some(before) = gap.before
                && before.is_confirmed
                && before.session != next.session
                && !is_before(before.received, gap.since, tolerance)
            {
                faults.push(format!(
                    "a gap since {} begins before {before:?}",
                    gap.since
                ));
            }
        }
        for fault in faults {
            self.fault(fault);
        }
    }

    /// Explains what has been missing for so long.
    fn explain(&mut self, now: Timestamp, for_at_least: Duration) {
        let tolerance = self.tolerance();
        while let Some((number, sent)) = self.missing.front().copied()
            && now.saturating_duration_since(sent) >= for_at_least
        {
            self.missing.pop_front();
            let covers = |gap: &Gap| {
                is_before(gap.since, sent, tolerance) && is_before(sent, gap.until, tolerance)
            };
            if self.gaps.iter().any(covers) {
                self.in_gaps += 1;
            } else {
                self.unexplained += 1;
                if self.lagged == 0 {
                    self.fault(format!(
                        "number {number}, sent at {sent}, is missing outside of every gap"
                    ));
                }
            }
        }
        self.gaps
            .retain(|gap| now.saturating_duration_since(gap.until) < EXPLAINED_WITHIN * 2);
    }
}

fn is_before(one: Timestamp, other: Timestamp, tolerance: Duration) -> bool {
    one.saturating_duration_since(other) <= tolerance
}
