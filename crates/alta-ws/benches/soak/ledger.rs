//! What was sent, what arrived, and whether that is right.

use std::collections::{BTreeMap, HashMap, HashSet};

/// One subscription's books. Numbers begin at 1 and are sent in order; between two sockets they may overtake each other.
#[derive(Default)]
struct Book {
    /// The last number sent.
    sent: u64,
    /// The largest number that arrived.
    last: u64,
    /// Whether a gap was told of since then.
    gap: bool,
    /// Smaller numbers that did not arrive (yet), and whether a gap was told of where they are missing.
    missing: BTreeMap<u64, bool>,
}

#[derive(Default)]
pub(crate) struct Ledger {
    books: Vec<Book>,
    /// Which connections a number was sent to, until it arrives.
    under_way: HashMap<(usize, u64), Vec<u64>>,
    sent: u64,
    arrived: u64,
    in_gaps: u64,
    memory_first: Option<f64>,
    memory_now: f64,
    faults: Vec<String>,
    given_up: HashSet<u64>,
}

impl Ledger {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            books: (0..places).map(|_| Book::default()).collect(),
            ..Self::default()
        }
    }

    /// The number to send next.
    pub(crate) fn next(&mut self, place: usize) -> u64 {
        let book = &mut self.books[place];
        book.sent += 1;
        self.sent += 1;
        book.sent
    }

    pub(crate) fn sent(&mut self, place: usize, number: u64, to: Vec<u64>) {
        if !to.is_empty() {
            self.under_way.insert((place, number), to);
        }
    }

    pub(crate) fn arrived(&mut self, place: usize, number: u64) {
        self.arrived += 1;
        self.under_way.remove(&(place, number));
        let book = &mut self.books[place];
        if number > book.last {
            for skipped in book.last + 1..number {
                book.missing.insert(skipped, book.gap);
            }
            book.last = number;
            book.gap = false;
        } else if book.missing.remove(&number).is_none() {
            self.faults
                .push(format!("number {number} of {place} arrived twice"));
        }
    }

    pub(crate) fn gap(&mut self, place: usize) {
        self.books[place].gap = true;
    }

    /// The client closed this connection: what was not read from it by then was not delivered.
    pub(crate) fn given_up(&mut self, connection: u64) {
        if self.given_up.insert(connection) {
            self.under_way.retain(|_, to| {
                to.retain(|sent| *sent != connection);
                !to.is_empty()
            });
        }
    }

    /// Whether the last number of every subscription has arrived.
    pub(crate) fn is_complete(&self) -> bool {
        self.books.iter().all(|book| book.last == book.sent)
    }

    pub(crate) fn look_at_memory(&mut self) {
        // What is explained needs no more room: what is missing inside a gap stays missing.
        for book in &mut self.books {
            let before = book.missing.len();
            book.missing
                .retain(|number, gap| !*gap || number + 10 > book.last);
            self.in_gaps += (before - book.missing.len()) as u64;
        }
        self.memory_now = resident();
        self.memory_first.get_or_insert(self.memory_now);
    }

    pub(crate) fn sent_in_all(&self) -> u64 {
        self.sent
    }

    pub(crate) fn arrived_in_all(&self) -> u64 {
        self.arrived
    }

    pub(crate) fn in_gaps(&self) -> u64 {
        let missing = self.books.iter().flat_map(|book| book.missing.values());
        self.in_gaps + missing.filter(|gap| **gap).count() as u64
    }

    pub(crate) fn memory_first(&self) -> f64 {
        self.memory_first.unwrap_or_default()
    }

    pub(crate) fn memory_now(&self) -> f64 {
        self.memory_now
    }

    /// Everything that is not as promised.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        for (place, book) in self.books.iter().enumerate() {
            if book.last != book.sent {
                faults.push(format!(
                    "of {place} arrived {} and was sent {}",
                    book.last, book.sent
                ));
            }
            let unexplained = book.missing.iter().filter(|(_, gap)| !**gap);
            faults.extend(unexplained.map(|(number, _)| {
                format!("number {number} of {place} is missing, and no gap was told of")
            }));
        }
        faults.extend(self.under_way.iter().map(|((place, number), to)| {
            format!("number {number} of {place} was delivered on {to:?} and not passed on")
        }));
        faults
    }
}

/// MiB in memory.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1_024.0
}
