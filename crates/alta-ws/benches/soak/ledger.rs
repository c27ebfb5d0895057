//! The record of all subscriptions: the sent numbers, the arrived ones, and their check.

use crate::book::Book;
use alta_model::Timestamp;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

pub(crate) struct Ledger {
    books: Vec<Book>,
    /// The connections to which a number was sent, until it arrives.
    under_way: HashMap<(usize, u64), Vec<u64>>,
    /// Connections that deliver nothing any more: the client closed them, or they fell silent.
    dead: HashSet<u64>,
    longest_gap: Duration,
    gap_time: Duration,
    gaps: u32,
    memory_first: Option<f64>,
    memory_now: f64,
    faults: Vec<String>,
}

impl Ledger {
    pub(crate) fn new(places: usize, longest_gap: Duration) -> Self {
        Self {
            books: (0..places).map(|_| Book::default()).collect(),
            under_way: HashMap::new(),
            dead: HashSet::new(),
            longest_gap,
            gap_time: Duration::ZERO,
            gaps: 0,
            memory_first: None,
            memory_now: 0.0,
            faults: Vec::new(),
        }
    }

    /// The number to send next.
    pub(crate) fn next(&mut self, place: usize) -> u64 {
        self.books[place].next()
    }

    pub(crate) fn sent(&mut self, place: usize, number: u64, mut to: Vec<u64>) {
        to.retain(|connection| !self.dead.contains(connection));
        if !to.is_empty() {
            self.under_way.insert((place, number), to);
        }
    }

    pub(crate) fn arrived(&mut self, place: usize, number: u64) {
        self.under_way.remove(&(place, number));
        let right = self.books[place].arrived(number);
        self.note(place, right.err());
    }

    pub(crate) fn gap(&mut self, place: usize, since: Timestamp, until: Timestamp) {
        self.gaps += 1;
        self.gap_time += until.saturating_duration_since(since);
        let right = self.books[place].gap(since, until, self.longest_gap);
        self.note(place, right.err());
    }

    fn note(&mut self, place: usize, faults: impl IntoIterator<Item = String>) {
        let faults = faults
            .into_iter()
            .map(|fault| format!("{fault}, of {place}"));
        self.faults.extend(faults);
    }

    /// The client closed this connection: it did not deliver any frame that was not read by then.
    pub(crate) fn given_up(&mut self, connection: u64) {
        if self.dead.insert(connection) {
            self.under_way.retain(|_, to| {
                to.retain(|sent| *sent != connection);
                !to.is_empty()
            });
        }
    }

    /// Nothing that is sent on this connection from now on arrives, including this number.
    pub(crate) fn silent(&mut self, connection: u64, place: usize, number: u64) {
        self.dead.insert(connection);
        if let Some(to) = self.under_way.get_mut(&(place, number)) {
            to.retain(|sent| *sent != connection);
            if to.is_empty() {
                self.under_way.remove(&(place, number));
            }
        }
    }

    /// Returns whether the last number of every subscription has arrived.
    pub(crate) fn is_complete(&self) -> bool {
        self.books.iter().all(|book| book.last == book.sent)
    }

    /// Checked numbers are removed.
    pub(crate) fn look_at_memory(&mut self) {
        self.settle(false);
        self.memory_now = resident();
        self.memory_first.get_or_insert(self.memory_now);
    }

    fn settle(&mut self, at_the_end: bool) {
        for place in 0..self.books.len() {
            let faults = self.books[place].settle(at_the_end);
            self.note(place, faults);
        }
    }

    pub(crate) fn sent_in_all(&self) -> u64 {
        self.books.iter().map(|book| book.sent).sum()
    }

    pub(crate) fn arrived_in_all(&self) -> u64 {
        self.books.iter().map(|book| book.arrived).sum()
    }

    pub(crate) fn arrived_at(&self, place: usize) -> u64 {
        self.books[place].arrived
    }

    pub(crate) fn in_gaps(&self) -> u64 {
        self.books.iter().map(|book| book.in_gaps).sum()
    }

    /// The average length of a gap.
    pub(crate) fn mean_gap(&self) -> Duration {
        self.gap_time.checked_div(self.gaps).unwrap_or_default()
    }

    pub(crate) fn memory_first(&self) -> f64 {
        self.memory_first.unwrap_or_default()
    }

    pub(crate) fn memory_now(&self) -> f64 {
        self.memory_now
    }

    /// All errors, once nothing can arrive any more.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        self.settle(true);
        let mut faults = self.faults.clone();
        for (place, book) in self.books.iter().enumerate() {
            if book.last != book.sent {
                faults.push(format!(
                    "of {place} arrived {} and was sent {}",
                    book.last, book.sent
                ));
            }
        }
        faults.extend(self.under_way.iter().map(|((place, number), to)| {
            format!("number {number} of {place} was delivered on {to:?} and not passed on")
        }));
        faults
    }
}

/// The memory of this process, in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1_024.0
}
