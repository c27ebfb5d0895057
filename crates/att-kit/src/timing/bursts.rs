use crate::clock::NEVER;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;
use tokio::time::Instant;

/// The largest number of keys whose burst has not ended. One more ends the oldest burst.
pub(super) const CAPACITY: usize = 4_096;

/// The newest item of each burst, without a clock. A burst of a key ends when this key had no item for some time.
pub(super) struct Bursts<K, T> {
    quiet: Duration,
    newest: HashMap<K, (Position, T)>,
    ends: BTreeMap<Position, K>,
    count: u64,
}

/// The end of a burst, and a number that makes it unique.
type Position = (Instant, u64);

impl<K: Clone + Eq + Hash, T> Bursts<K, T> {
    pub(super) fn new(quiet: Duration) -> Self {
        Self {
            quiet: quiet.min(NEVER),
            newest: HashMap::new(),
            ends: BTreeMap::new(),
            count: 0,
        }
    }

    pub(super) fn push(&mut self, key: K, item: T, now: Instant) {
        self.count += 1;
        let position = (now + self.quiet, self.count);
        self.ends.insert(position, key.clone());
        if let Some((before, _)) = self.newest.insert(key, (position, item)) {
            self.ends.remove(&before);
        }
    }

    /// The item of a burst that has ended.
    pub(super) fn pop(&mut self, now: Instant) -> Option<T> {
        let (end, _) = *self.ends.first_key_value()?.0;
        let is_due = end <= now || self.newest.len() > CAPACITY;
        is_due.then(|| self.pop_oldest()).flatten()
    }

    /// The item of the oldest burst, whether it has ended or not.
    pub(super) fn pop_oldest(&mut self) -> Option<T> {
        let (_, key) = self.ends.pop_first()?;
        let (_, item) = self.newest.remove(&key)?;
        Some(item)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let ((end, _), _) = self.ends.first_key_value()?;
        Some(*end)
    }
}
