//! The ledger of subscriptions: which are wanted, which are held, and the next request for each. It does no I/O and reads no
//! clock.

mod entry;
mod queries;
mod replies;
mod steps;
#[cfg(test)]
mod tests;

use crate::backoff::BackoffPolicy;
use crate::wall::deadline_after;
pub use entry::Entry;
use entry::{Due, Work};
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};
pub use steps::{Confirmed, Disconnected, Gap, Held, Loss, Step, Wanted};

/// Reconciles wanted and held subscriptions, with at most one request in flight for each. `K` names a subscription.
///
/// The owner reports wanted subscriptions, replies and lost connections, and sends the requests that [`next`](Self::next)
/// returns. Nothing is due without a connection; [`connected`](Self::connected) makes everything due.
#[derive(Debug)]
pub struct Ledger<K> {
    linger: Duration,
    backoff: BackoffPolicy,
    random: fastrand::Rng,
    entries: HashMap<K, Entry, RandomState>,
    /// Subscriptions to check when a request may be sent.
    due: VecDeque<K>,
    /// Subscriptions to check later: those that linger and those that failed.
    timers: BTreeSet<(Instant, K)>,
    is_connected: bool,
}

impl<K: Clone + Eq + Hash + Ord> Ledger<K> {
    /// An empty ledger without a connection. A subscription that is no longer wanted stays held for `linger`. `backoff` has
    /// the pauses before a failed request is repeated, and `seed` fixes their jitter.
    pub fn new(linger: Duration, backoff: BackoffPolicy, seed: u64) -> Self {
        Self {
            linger,
            backoff,
            random: fastrand::Rng::with_seed(seed),
            entries: HashMap::default(),
            due: VecDeque::new(),
            timers: BTreeSet::new(),
            is_connected: false,
        }
    }

    /// There is a connection, on which the server holds nothing yet.
    pub fn connected(&mut self) {
        self.is_connected = true;
        // In a fixed order, so that requests do not depend on the layout of a table.
        for key in self.sorted_keys() {
            self.enqueue(&key);
        }
    }

    /// The connection is lost; its last bytes arrived at `since`. A refusal ends with the connection unless
    /// `refusal_stands`.
    pub fn disconnected(
        &mut self,
        since: Instant,
        now: Instant,
        refusal_stands: impl Fn(&K) -> bool,
    ) -> Disconnected<K> {
        self.is_connected = false;
        self.due.clear();
        self.timers.clear();
        let loss = Loss {
            since,
            noticed: now,
        };
        let interrupted = self.wanted_and_held().cloned().collect();
        let mut forgotten = Vec::new();
        self.entries.retain(|key, entry| {
            entry.disconnected(loss, refusal_stands(key));
            if !entry.wanted {
                forgotten.push(key.clone());
            }
            entry.wanted
        });
        Disconnected {
            interrupted,
            forgotten,
        }
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.is_connected = false;
        self.entries.clear();
        self.due.clear();
        self.timers.clear();
    }

    /// A new stream wants this subscription. A refused one is requested again.
    pub fn want(&mut self, key: &K) -> Wanted {
        let entry = self.entries.entry(key.clone()).or_default();
        entry.wanted = true;
        entry.linger_until = None;
        if entry.held == Held::Refused {
            entry.held = Held::No;
        }
        let is_held = entry.held == Held::Yes;
        Wanted {
            is_held,
            is_due: !is_held && self.enqueue(key),
        }
    }

    /// The subscription is no longer wanted. True if its entry is dropped at once.
    pub fn unwant(&mut self, key: &K, now: Instant) -> bool {
        self.leave(key, deadline_after(now, self.linger))
    }

    /// Another ledger holds this subscription now, so it is dropped here without linger. Returns the loss that is not yet
    /// confirmed, and whether the entry is dropped at once.
    pub fn moved_away(&mut self, key: &K, now: Instant) -> (Option<Loss>, bool) {
        let entry = self.entries.get_mut(key);
        let loss = entry.and_then(|entry| entry.lost.take().filter(|_| entry.wanted));
        (loss, self.leave(key, now))
    }

    fn leave(&mut self, key: &K, linger_until: Instant) -> bool {
        let Some(entry) = self.entries.get_mut(key) else {
            return false;
        };
        if entry.wanted || entry.linger_until.is_none_or(|until| until > linger_until) {
            entry.linger_until = Some(linger_until);
        }
        entry.wanted = false;
        if !self.is_connected {
            self.forget(key);
            return true;
        }
        self.enqueue(key);
        false
    }

    /// The next request, or the next dropped entry. With `leaves_for_batch`, subscriptions that can be requested in a batch
    /// stay in the queue.
    pub fn next(&mut self, now: Instant, leaves_for_batch: bool) -> Option<Step<K>> {
        for _ in 0..self.due.len() {
            let key = self.due.pop_front()?;
            let Some(entry) = self.entries.get_mut(&key) else {
                continue;
            };
            if leaves_for_batch && entry.is_for_a_batch(now) {
                self.due.push_back(key);
                continue;
            }
            entry.work = Work::Idle;
            match entry.due() {
                Due::Never => {}
                Due::Forget => {
                    self.forget(&key);
                    return Some(Step::Forgotten(key));
                }
                Due::At(Some(at), _) if at > now => self.wake_at(at, key),
                Due::At(_, subscribes) => {
                    let since = entry.ask(subscribes, now);
                    return Some(if subscribes {
                        Step::Subscribe { key, since }
                    } else {
                        Step::Unsubscribe { key, since }
                    });
                }
            }
        }
        None
    }

    /// Due subscriptions that can be requested together: `size` of them, the first due one and those that belong to it.
    pub fn next_batch(
        &mut self,
        now: Instant,
        size: RangeInclusive<usize>,
        belongs: impl Fn(&K, &K) -> bool,
    ) -> Option<Vec<K>> {
        let entries = &self.entries;
        let is_for_a_batch = |key: &K| {
            let entry = entries.get(key);
            entry.is_some_and(|entry| entry.is_for_a_batch(now))
        };
        let first = self.due.iter().find(|key| is_for_a_batch(key))?.clone();
        let joins = |key: &K| belongs(&first, key) && is_for_a_batch(key);
        let least = size.start().saturating_sub(1);
        self.due.iter().filter(|key| joins(key)).nth(least)?;
        let mut batch = Vec::new();
        let mut rest = VecDeque::with_capacity(self.due.len());
        for key in &self.due {
            if batch.len() < *size.end() && joins(key) {
                batch.push(key.clone());
            } else {
                rest.push_back(key.clone());
            }
        }
        self.due = rest;
        for key in &batch {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.ask(true, now);
            }
        }
        Some(batch)
    }

    /// Makes subscriptions due whose timer has passed.
    pub fn wake(&mut self, now: Instant) {
        while let Some((at, key)) = self.timers.pop_first() {
            if at > now {
                self.timers.insert((at, key));
                return;
            }
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.timer = None;
                self.enqueue(&key);
            }
        }
    }

    /// The next time to call [`wake`](Self::wake).
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// True if a subscription may be due now.
    pub fn is_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// Requests all held subscriptions again, since the server can have lost them. Returns them.
    pub fn doubt(&mut self) -> Vec<K> {
        let doubted: Vec<K> = self.wanted_and_held().cloned().collect();
        for key in &doubted {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.doubted = true;
                self.enqueue(key);
            }
        }
        doubted
    }

    /// Drops a wanted subscription that was refused, and returns its entry for another ledger.
    pub fn remove_refused(&mut self, key: &K) -> Option<Entry> {
        let entry = self.entries.get(key)?;
        let is_refused = entry.held == Held::Refused && entry.work == Work::Idle;
        is_refused.then(|| self.forget(key)).flatten()
    }

    /// Takes over an entry of another ledger.
    pub fn put(&mut self, key: K, entry: Entry) {
        self.entries.insert(key, entry);
    }

    /// A request for it has ended.
    fn look_again(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            if entry.work == Work::InFlight {
                entry.work = Work::Idle;
            }
            self.enqueue(key);
        }
    }

    /// Makes a subscription due. False if it was due before.
    fn enqueue(&mut self, key: &K) -> bool {
        if self.is_connected
            && let Some(entry) = self.entries.get_mut(key)
            && entry.work == Work::Idle
        {
            entry.work = Work::Queued;
            self.due.push_back(key.clone());
            return true;
        }
        false
    }

    fn wake_at(&mut self, at: Instant, key: K) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        if let Some(earlier) = entry.timer.replace(at) {
            self.timers.remove(&(earlier, key.clone()));
        }
        self.timers.insert((at, key));
    }

    fn forget(&mut self, key: &K) -> Option<Entry> {
        let mut entry = self.entries.remove(key)?;
        if let Some(at) = entry.timer.take() {
            self.timers.remove(&(at, key.clone()));
        }
        Some(entry)
    }
}
