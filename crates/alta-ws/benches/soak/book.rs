//! The record of one subscription: the numbers that were sent, that arrived, and that are in gaps.

use alta_model::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest time between the server's sending and the client's reading of an event.
const SLACK: Duration = Duration::from_secs(1);

/// The longest time by which a number can arrive after larger ones of another socket.
const OVERTAKEN: u64 = 10;

/// The record of one subscription. Numbers begin at 1 and are sent in order; on two sockets they can arrive in another
/// order.
#[derive(Default)]
pub(crate) struct Book {
    /// The last number sent.
    pub(crate) sent: u64,
    /// The largest number that arrived.
    pub(crate) last: u64,
    pub(crate) arrived: u64,
    /// The numbers that have not arrived, with the times at which they were sent.
    waiting: BTreeMap<u64, Timestamp>,
    /// True if a gap was reported since the last number arrived.
    gap: bool,
    gaps: Vec<(Timestamp, Timestamp)>,
    /// Numbers below the largest that have not arrived yet, and whether a gap was reported in their place.
    missing: BTreeMap<u64, bool>,
    pub(crate) in_gaps: u64,
}

impl Book {
    /// The number to send next.
    pub(crate) fn next(&mut self) -> u64 {
        self.sent += 1;
        self.waiting.insert(self.sent, Timestamp::now());
        self.sent
    }

    /// Checks that this number may arrive now.
    pub(crate) fn arrived(&mut self, number: u64) -> Result<(), String> {
        self.arrived += 1;
        self.waiting.remove(&number);
        if number > self.last {
            for skipped in self.last + 1..number {
                self.missing.insert(skipped, self.gap);
            }
            self.last = number;
            self.gap = false;
            return Ok(());
        }
        match self.missing.remove(&number) {
            Some(_) => Ok(()),
            None => Err(format!("number {number} arrived twice")),
        }
    }

    /// Checks that a gap may be reported for events of this time.
    pub(crate) fn gap(
        &mut self,
        since: Timestamp,
        until: Timestamp,
        longest: Duration,
    ) -> Result<(), String> {
        self.gap = true;
        self.gaps.push((since, until));
        let length = until.saturating_duration_since(since);
        if length > longest {
            return Err(format!("a gap of {length:?}, from {since} to {until}"));
        }
        Ok(())
    }

    /// Checks the numbers that can no longer arrive: each must have been sent within a gap that was reported in its
    /// place. Returns the errors.
    pub(crate) fn settle(&mut self, at_the_end: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let settled = |number: u64| at_the_end || number + OVERTAKEN <= self.last;
        let missing = std::mem::take(&mut self.missing);
        let (settled, missing): (BTreeMap<_, _>, BTreeMap<_, _>) = missing
            .into_iter()
            .partition(|(number, _)| settled(*number));
        self.missing = missing;
        for (number, told) in settled {
            let Some(at) = self.waiting.remove(&number) else {
                continue;
            };
            if !told {
                faults.push(format!(
                    "number {number} is missing, and no gap was reported in its place"
                ));
            } else if !self.is_in_a_gap(at) {
                faults.push(format!(
                    "number {number} was sent at {at}, and is missing outside of {:?}",
                    self.gaps
                ));
            }
            self.in_gaps += 1;
        }
        faults
    }

    fn is_in_a_gap(&self, at: Timestamp) -> bool {
        self.gaps.iter().any(|(since, until)| {
            since.saturating_duration_since(at) <= SLACK
                && at.saturating_duration_since(*until) <= SLACK
        })
    }
}
