//! The ledger of subscriptions: which are wanted, which the server holds, and the next request that brings the two
//! together. It does no I/O and does not read a clock.

mod entry;
#[cfg(test)]
mod tests;

use crate::backoff::{Backoff, BackoffPolicy};
use crate::wall::later;
pub use entry::Entry;
use entry::{Due, Work};
use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// Whether the server holds a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Held {
    /// It does not.
    #[default]
    No,
    /// It does.
    Yes,
    /// A request got no clear reply: it may or may not.
    Unknown,
    /// The server refused it. Nothing is sent until somebody wants it anew.
    Refused,
}

/// The loss of a subscription that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When the connection was last heard.
    pub since: Instant,
    /// When the loss was noticed: a stream that began later has missed nothing.
    pub noticed: Instant,
}

/// The time in which events of a subscription may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When the connection was last heard.
    pub since: Instant,
    /// When the loss was noticed: a stream that began later has missed nothing.
    pub noticed: Instant,
    /// When the server confirmed the subscription again.
    pub until: Instant,
}

impl Gap {
    /// The gap that a loss leaves, once the subscription is confirmed.
    pub fn after(loss: Loss, until: Instant) -> Self {
        Self {
            since: loss.since,
            noticed: loss.noticed,
            until,
        }
    }
}

/// The next thing to do for a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<K> {
    /// Ask the server to hold it. `since`: when this was first asked, if earlier requests timed out.
    Subscribe {
        /// The subscription.
        key: K,
        /// When it was first asked for.
        since: Instant,
    },
    /// Ask the server to drop it.
    Unsubscribe {
        /// The subscription.
        key: K,
        /// When that was first asked.
        since: Instant,
    },
    /// Nobody wants it and the server does not hold it: the ledger has dropped its entry.
    Forgotten(K),
}

/// Whether a subscription is held when somebody comes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The server holds it: it can be confirmed at once.
    pub is_held: bool,
    /// It has become due by this.
    pub is_due: bool,
}

/// A confirmation by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The time in which its events may be missing.
    pub gap: Option<Gap>,
    /// Whether somebody still wants it.
    pub is_wanted: bool,
}

/// The consequences of a lost connection.
#[derive(Debug)]
pub struct Disconnected<K> {
    /// Subscriptions that are wanted and were held.
    pub interrupted: Vec<K>,
    /// Subscriptions that nobody wants: their entries are dropped.
    pub forgotten: Vec<K>,
}

/// Reconciles the subscriptions that are wanted with those that the server holds, with at most one request in flight for
/// each. `K` names a subscription.
///
/// The owner feeds it with wishes, replies and lost connections, and sends what [`next`](Self::next) returns. While there is
/// no connection nothing is due; [`connected`](Self::connected) makes everything due.
#[derive(Debug)]
pub struct Ledger<K> {
    linger: Duration,
    backoff: BackoffPolicy,
    random: fastrand::Rng,
    entries: HashMap<K, Entry>,
    /// Subscriptions to look at when a request may be sent.
    due: VecDeque<K>,
    /// Subscriptions to look at later: those that linger and those that failed.
    timers: BTreeSet<(Instant, K)>,
    is_connected: bool,
}

impl<K: Clone + Eq + Hash + Ord> Ledger<K> {
    /// An empty ledger without a connection. `linger`: how long a subscription is kept when nobody wants it any more;
    /// `backoff`: the pauses before a failed request is repeated; `seed` fixes their jitter.
    pub fn new(linger: Duration, backoff: BackoffPolicy, seed: u64) -> Self {
        Self {
            linger,
            backoff,
            random: fastrand::Rng::with_seed(seed),
            entries: HashMap::new(),
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

    /// The connection is lost, and was last heard `since` then. A refusal ends with the connection unless
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

    /// Somebody came for this subscription. One that was refused is asked for again.
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

    /// Nobody wants this subscription any more. True if its entry is dropped at once.
    pub fn unwant(&mut self, key: &K, now: Instant) -> bool {
        self.leave(key, later(now, self.linger))
    }

    /// Another ledger holds this subscription now: it is dropped here without linger. Returns the loss that was not
    /// confirmed yet, and whether the entry is dropped at once.
    pub fn hand_on(&mut self, key: &K, now: Instant) -> (Option<Loss>, bool) {
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

    /// The next request, or the next entry that is dropped. With `leaves_for_batch`, subscriptions that can be asked for in
    /// a batch stay in the queue.
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

    /// Subscriptions that are due and can be asked for together: `size` of them, the first that is due and those that belong
    /// to it.
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

    /// Makes subscriptions due whose time has come.
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

    /// When [`wake`](Self::wake) has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Whether something may be due now.
    pub fn is_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// The server confirmed that it holds this subscription. `already`: it held it before, if the server says so.
    pub fn confirmed(&mut self, key: &K, already: Option<bool>, now: Instant) -> Option<Confirmed> {
        let entry = self.entries.get_mut(key)?;
        let is_repeated = entry.asked.take().is_some_and(|asked| asked.is_repeated);
        entry.held = Held::Yes;
        entry.no_failure();
        // Held once on this connection and then not any more: everything since then was missed. In doubt it was not: the
        // reply that would say so may be the one that never came.
        let gap = match (entry.lost.take(), entry.confirmed_at) {
            (Some(loss), _) => Some(Gap::after(loss, now)),
            (None, Some(since)) if already == Some(false) || is_repeated => Some(Gap {
                since,
                noticed: now,
                until: now,
            }),
            _ => None,
        };
        entry.confirmed_at = Some(now);
        let is_wanted = entry.wanted;
        // It may not be wanted any more.
        self.look_again(key);
        Some(Confirmed { gap, is_wanted })
    }

    /// The server refused this subscription for good. Returns whether it was held before.
    pub fn refused(&mut self, key: &K) -> Option<bool> {
        let entry = self.entries.get_mut(key)?;
        entry.asked = None;
        entry.held = Held::Refused;
        entry.doubted = false;
        entry.no_failure();
        let was_held = entry.lost.is_some() || entry.confirmed_at.is_some();
        self.look_again(key);
        Some(was_held)
    }

    /// The server has dropped this subscription, as it was asked to.
    pub fn released(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.asked = None;
            entry.held = Held::No;
            entry.lost = None;
            entry.no_failure();
            self.look_again(key);
        }
    }

    /// A request for this subscription failed, and is repeated after a backoff. `is_unknown`: the server may have done it
    /// all the same. Returns how often in a row it failed.
    pub fn failed(&mut self, key: &K, is_unknown: bool, now: Instant) -> Option<u32> {
        let seed = self.random.u64(..);
        let policy = self.backoff;
        let entry = self.entries.get_mut(key)?;
        entry.asked = None;
        entry.not_sure(is_unknown);
        let backoff = entry
            .backoff
            .get_or_insert_with(|| Box::new(Backoff::new(policy, seed)));
        entry.retry_at = Some(later(now, backoff.next_delay()));
        let failures = backoff.attempt();
        self.look_again(key);
        Some(failures)
    }

    /// A request for this subscription got no reply, and is repeated at once.
    pub fn no_reply(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.not_sure(true);
            self.look_again(key);
        }
    }

    /// A request for this subscription did not reach the server, or a batch did not achieve it: it is repeated at once, from
    /// now on outside of batches if it is to be `alone`. `is_unknown`: the server may have done it all the same.
    pub fn repeat(&mut self, key: &K, alone: bool, is_unknown: bool) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.asked = None;
            entry.alone |= alone;
            if is_unknown {
                entry.held = Held::Unknown;
            }
            self.look_again(key);
        }
    }

    /// Asks the server once more about everything that it holds, since it may have lost it. Returns what that is.
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

    /// Drops a subscription that is wanted and was refused, and returns its entry, for another ledger.
    pub fn take_refused(&mut self, key: &K) -> Option<Entry> {
        let entry = self.entries.get(key)?;
        let is_refused = entry.held == Held::Refused && entry.work == Work::Idle;
        is_refused.then(|| self.forget(key)).flatten()
    }

    /// Takes over an entry of another ledger.
    pub fn put(&mut self, key: K, entry: Entry) {
        self.entries.insert(key, entry);
    }

    /// Whether nothing is being done about any subscription: the server holds it or refused it, or is to be asked again
    /// later since it fails.
    pub fn is_settled(&self) -> bool {
        self.entries.values().all(|entry| {
            let stands = matches!(entry.held, Held::Yes | Held::Refused) || entry.backoff.is_some();
            entry.wanted && stands && entry.work == Work::Idle
        })
    }

    /// Whether the server holds this subscription; `None` if nothing is known of it.
    pub fn held(&self, key: &K) -> Option<Held> {
        self.entries.get(key).map(|entry| entry.held)
    }

    /// Whether somebody wants this subscription.
    pub fn is_wanted(&self, key: &K) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.wanted)
    }

    /// Whether this subscription was held on a connection that is lost, and is not confirmed again.
    pub fn is_lost(&self, key: &K) -> bool {
        self.entries
            .get(key)
            .is_some_and(|entry| entry.lost.is_some())
    }

    /// The stored key that equals this.
    pub fn key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.entries.get_key_value(key).map(|(key, _)| key)
    }

    /// The subscriptions that are held, and whether somebody wants them.
    pub fn all_held(&self) -> impl Iterator<Item = (&K, bool)> {
        let held = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.held == Held::Yes);
        held.map(|(key, entry)| (key, entry.wanted))
    }

    /// The subscriptions that are wanted and held.
    pub fn wanted_and_held(&self) -> impl Iterator<Item = &K> {
        self.all_held()
            .filter(|(_, wanted)| *wanted)
            .map(|(key, _)| key)
    }

    /// All subscriptions, in a fixed order.
    pub fn sorted_keys(&self) -> Vec<K> {
        let mut keys: Vec<_> = self.entries.keys().cloned().collect();
        keys.sort_unstable();
        keys
    }

    /// How many subscriptions it knows.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows no subscription.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many subscriptions are to be looked at, now or later.
    pub fn to_do(&self) -> usize {
        self.due.len() + self.timers.len()
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

    /// Looks at a subscription when a request may be sent, and returns whether it was not due before.
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
