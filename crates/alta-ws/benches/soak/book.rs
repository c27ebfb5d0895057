//! What one subscription was sent, what arrived, and where the rest lies.

use alta_model::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// How far the time at which the server sends and that at which the client reads can be apart.
const SLACK: Duration = Duration::from_secs(1);

/// How late a number can still arrive behind larger ones, of another socket.
const OVERTAKEN: u64 = 10;

/// One subscription's books. Numbers begin at 1 and are sent in order; between two sockets they may overtake each other.
#[derive(Default)]
pub(crate) struct Book {
    /// The last number sent.
    pub(crate) sent: u64,
    /// The largest number that arrived.
    pub(crate) last: u64,
    pub(crate) arrived: u64,
    /// Those that have not arrived, and when they were sent.
    waiting: BTreeMap<u64, Timestamp>,
    /// Whether a gap was told of since the last arrived.
    gap: bool,
    gaps: Vec<(Timestamp, Timestamp)>,
    /// Smaller numbers than the last that did not arrive (yet), and whether a gap was told of where they are missing.
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

    /// Whether it is right that it arrives.
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

    /// Whether it is right that events of this time are told to be missing.
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

    /// Looks at what cannot arrive any more: it must have been sent within a gap that was told of in its place. What is
    /// wrong is told.
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
                    "number {number} is missing, and no gap was told of there"
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
