use std::collections::HashMap;
use std::hash::Hash;

/// One that waits for a result, and may have stopped waiting.
pub trait Waiter {
    /// Whether nobody waits any more.
    fn is_gone(&self) -> bool;
}

impl<T> Waiter for tokio::sync::oneshot::Sender<T> {
    fn is_gone(&self) -> bool {
        self.is_closed()
    }
}

/// Those who wait until the server has confirmed a subscription.
#[derive(Debug)]
pub struct Waiters<K, W>(HashMap<K, Vec<W>>);

impl<K, W> Default for Waiters<K, W> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Clone + Eq + Hash, W: Waiter> Waiters<K, W> {
    /// Adds one. Those who have gone are dropped.
    pub fn add(&mut self, key: &K, waiter: W) {
        let waiting = self.0.entry(key.clone()).or_default();
        waiting.retain(|waiter| !waiter.is_gone());
        waiting.push(waiter);
    }

    /// Those who wait for this subscription.
    pub fn take(&mut self, key: &K) -> Vec<W> {
        self.0.remove(key).unwrap_or_default()
    }

    /// All of them.
    pub fn take_all(&mut self) -> impl Iterator<Item = W> + use<K, W> {
        std::mem::take(&mut self.0).into_values().flatten()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
