//! The replies to the requests of the ledger.

use super::{Confirmed, Gap, Held, Ledger};
use crate::backoff::Backoff;
use crate::wall::deadline_after;
use std::hash::Hash;
use std::time::Instant;

impl<K: Clone + Eq + Hash + Ord> Ledger<K> {
    /// The server confirmed that it holds this subscription. `already` says whether it held it before, if the reply
    /// contains that.
    pub fn confirmed(&mut self, key: &K, already: Option<bool>, now: Instant) -> Option<Confirmed> {
        let entry = self.entries.get_mut(key)?;
        let is_repeated = entry.asked.take().is_some_and(|asked| asked.is_repeated);
        entry.held = Held::Yes;
        entry.no_failure();
        // It was held before on this connection and then lost: all events since then are missed. If a request was
        // repeated, the lost reply can have contained this.
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
        // It can be no longer wanted.
        self.look_again(key);
        Some(Confirmed { gap, is_wanted })
    }

    /// The server refused this subscription permanently. Returns whether it was held before.
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

    /// The server has dropped this subscription on request.
    pub fn released(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.asked = None;
            entry.held = Held::No;
            entry.lost = None;
            entry.no_failure();
            self.look_again(key);
        }
    }

    /// A request for this subscription failed, and is repeated after a backoff. With `is_unknown`, the server may have
    /// performed it. Returns the number of failures in a row.
    pub fn failed(&mut self, key: &K, is_unknown: bool, now: Instant) -> Option<u32> {
        let seed = self.random.u64(..);
        let policy = self.backoff;
        let entry = self.entries.get_mut(key)?;
        entry.asked = None;
        entry.not_sure(is_unknown);
        let backoff = entry
            .backoff
            .get_or_insert_with(|| Box::new(Backoff::new(policy, seed)));
        entry.retry_at = Some(deadline_after(now, backoff.next_delay()));
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

    /// A request for this subscription did not reach the server, or failed in a batch. It is repeated at once, and with
    /// `alone` never in a batch again. With `is_unknown`, the server may have performed it.
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
}
