//! The read-only part of the ledger.

use super::entry::Work;
use super::{Held, Ledger};
use std::borrow::Borrow;
use std::hash::Hash;

impl<K: Clone + Eq + Hash + Ord> Ledger<K> {
    /// True if no subscription has a request in flight or due: each is held or refused, or waits for its backoff.
    pub fn is_settled(&self) -> bool {
        self.entries.values().all(|entry| {
            let stands = matches!(entry.held, Held::Yes | Held::Refused) || entry.backoff.is_some();
            entry.wanted && stands && entry.work == Work::Idle
        })
    }

    /// The server's side of this subscription; `None` if it has no entry.
    pub fn held(&self, key: &K) -> Option<Held> {
        self.entries.get(key).map(|entry| entry.held)
    }

    /// True if this subscription is wanted.
    pub fn is_wanted(&self, key: &K) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.wanted)
    }

    /// True if this subscription was held on a lost connection and is not yet confirmed again.
    pub fn is_lost(&self, key: &K) -> bool {
        self.entries
            .get(key)
            .is_some_and(|entry| entry.lost.is_some())
    }

    /// The stored key that equals this one.
    pub fn key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.entries.get_key_value(key).map(|(key, _)| key)
    }

    /// The held subscriptions, each with whether it is wanted.
    pub fn all_held(&self) -> impl Iterator<Item = (&K, bool)> {
        let held = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.held == Held::Yes);
        held.map(|(key, entry)| (key, entry.wanted))
    }

    /// The subscriptions that are both wanted and held.
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

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if it has no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of subscriptions to check, now or later.
    pub fn to_do(&self) -> usize {
        self.due.len() + self.timers.len()
    }
}
