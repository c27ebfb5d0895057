//! Records the numbered events of one stream, and checks them.

use crate::server::Times;
use alta_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// The time after the sending of a number within which a gap can explain that it is missing.
const EXPLAINED_WITHIN: Duration = Duration::from_secs(20);

/// On an idle machine, events arrive faster than this.
const LEAST_TOLERANCE: Duration = Duration::from_millis(50);

/// The record of one stream. The numbers increase by one. A missing number must have been sent during a reported gap, or be
/// counted as dropped for a slow reader.
#[derive(Debug, Default)]
pub(crate) struct Record {
    last: Option<Arrived>,
    gaps: VecDeque<Gap>,
    missing: VecDeque<(u64, Timestamp)>,
    /// The largest time from sending to receiving.
    latency: Duration,
    pub(crate) arrived: u64,
    pub(crate) in_gaps: u64,
    pub(crate) unexplained: u64,
    pub(crate) lagged: u64,
    pub(crate) gap_count: u64,
    pub(crate) longest_gap: Duration,
    pub(crate) violations: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) number: u64,
    /// The session of the server that sent it.
    pub(crate) session: u64,
    /// `true` if the server had confirmed the subscription in that session.
    pub(crate) is_confirmed: bool,
    pub(crate) received: Timestamp,
}

#[derive(Debug)]
struct Gap {
    since: Timestamp,
    until: Timestamp,
    /// The event before the gap.
    before: Option<Arrived>,
    is_checked: bool,
}

impl Record {
    pub(crate) fn arrived(&mut self, event: Arrived, times: &Times) {
        self.arrived += 1;
        let Some(last) = self.last.replace(event) else {
            return;
        };
        if event.number <= last.number {
            let violation = format!("number {} came after {}", event.number, last.number);
            return self.violation(violation);
        }
        for number in last.number + 1..event.number {
            match times.sent(number) {
                Some(time) => self.missing.push_back((number, time)),
                None => self.violation(format!(
                    "number {number} is missing, and its time is not recorded any more"
                )),
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
        self.gap_count += 1;
        self.longest_gap = self.longest_gap.max(until.saturating_duration_since(since));
        self.gaps.push_back(Gap {
            since,
            until,
            before: self.last,
            is_checked: false,
        });
    }

    pub(crate) fn violation(&mut self, violation: String) {
        if self.violations.len() < 10 {
            self.violations.push(violation);
        }
    }

    pub(crate) fn last(&self) -> u64 {
        self.last.map_or(0, |last| last.number)
    }

    /// Checks all missing numbers at the end.
    pub(crate) fn close(&mut self) {
        self.explain(Timestamp::now(), Duration::ZERO);
    }

    fn tolerance(&self) -> Duration {
        LEAST_TOLERANCE.max(self.latency * 2)
    }

    /// Checks that a gap begins with the last frame of the lost connection, and ends before the next event.
    fn check_gaps(&mut self, next: Arrived) {
        let tolerance = self.tolerance();
        let mut violations = Vec::new();
        for gap in self.gaps.iter_mut().filter(|gap| !gap.is_checked) {
            gap.is_checked = true;
            if !is_before(gap.until, next.received, tolerance) {
                violations.push(format!("a gap until {} ends after {next:?}", gap.until));
            }
            // A connection that is lost before the confirmation belongs to the gap, although it sent events.
            if let Some(before) = gap.before
                && before.is_confirmed
                && before.session != next.session
                && !is_before(before.received, gap.since, tolerance)
            {
                violations.push(format!(
                    "a gap since {} begins before {before:?}",
                    gap.since
                ));
            }
        }
        for violation in violations {
            self.violation(violation);
        }
    }

    /// Checks the numbers that have been missing for so long.
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
                    self.violation(format!(
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
