use crate::clock::NEVER;
use alta_model::UserId;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The largest number of running cool-downs. Far above the number of players, and it bounds the memory.
pub(super) const CAPACITY: usize = 65_536;

/// Allows an action once per key and period: a message per player and ten seconds, for example.
///
/// A key is anything that can be hashed, such as a [`UserId`] or a pair of a player and a name. Clones share the cool-downs.
/// Cool-downs that have ended take no memory. At most 65,536 run at the same time; one more ends the oldest.
///
/// ```
/// use att_kit::timing::Cooldown;
/// use alta_model::UserId;
/// use std::time::Duration;
///
/// let greetings = Cooldown::new(Duration::from_secs(10));
/// assert!(greetings.try_start(UserId::new(7)));
/// assert!(!greetings.try_start(UserId::new(7)));
/// assert!(greetings.try_start(UserId::new(8)));
/// ```
pub struct Cooldown<K = UserId> {
    running: Arc<Mutex<Running<K>>>,
}

impl<K: Clone + Eq + Hash> Cooldown<K> {
    /// Cool-downs of this length. None runs yet.
    pub fn new(period: Duration) -> Self {
        Self {
            running: Arc::new(Mutex::new(Running::new(period))),
        }
    }

    /// Starts the cool-down of a key. Returns false, and changes nothing, if it runs already.
    pub fn try_start(&self, key: K) -> bool {
        self.lock().try_start(key, Instant::now())
    }

    /// The time until the cool-down of a key ends; zero if none runs.
    pub fn remaining(&self, key: &K) -> Duration {
        self.lock().remaining(key, Instant::now())
    }

    /// Ends the cool-down of a key.
    pub fn reset(&self, key: &K) {
        self.lock().ends.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Running<K>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Clone for Cooldown<K> {
    fn clone(&self) -> Self {
        Self {
            running: Arc::clone(&self.running),
        }
    }
}

impl<K> fmt::Debug for Cooldown<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cooldown").finish_non_exhaustive()
    }
}

/// The running cool-downs, without a clock.
pub(super) struct Running<K> {
    period: Duration,
    ends: HashMap<K, Instant>,
    /// The starts, the oldest first. All have the same length, so they end in this order. It can contain keys that were reset.
    order: VecDeque<(Instant, K)>,
}

impl<K: Clone + Eq + Hash> Running<K> {
    pub(super) fn new(period: Duration) -> Self {
        Self {
            period: period.min(NEVER),
            ends: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn try_start(&mut self, key: K, now: Instant) -> bool {
        self.remove_ended(now);
        if self.ends.contains_key(&key) {
            return false;
        }
        let end = now + self.period;
        self.ends.insert(key.clone(), end);
        self.order.push_back((end, key));
        if self.order.len() > CAPACITY {
            self.remove_oldest();
        }
        true
    }

    pub(super) fn remaining(&self, key: &K, now: Instant) -> Duration {
        let end = self.ends.get(key);
        end.map_or(Duration::ZERO, |end| end.saturating_duration_since(now))
    }

    /// The number of keys in memory.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ends.len().max(self.order.len())
    }

    fn remove_ended(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(end, _)| *end <= now) {
            self.remove_oldest();
        }
    }

    fn remove_oldest(&mut self) {
        if let Some((end, key)) = self.order.pop_front()
            && self.ends.get(&key) == Some(&end)
        {
            self.ends.remove(&key);
        }
    }
}
