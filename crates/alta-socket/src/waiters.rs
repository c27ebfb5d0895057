use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::hash::Hash;

/// A caller that waits for a result, and can be dropped.
pub trait Waiter {
    /// Returns whether the caller is gone.
    fn is_gone(&self) -> bool;
}

impl<T> Waiter for tokio::sync::oneshot::Sender<T> {
    fn is_gone(&self) -> bool {
        self.is_closed()
    }
}

/// The callers that wait until the server has confirmed a subscription.
#[derive(Debug)]
pub struct Waiters<K, W>(HashMap<K, Vec<W>, RandomState>);

impl<K, W> Default for Waiters<K, W> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Clone + Eq + Hash, W: Waiter> Waiters<K, W> {
    /// Adds one. Callers that are gone are removed.
    pub fn add(&mut self, key: &K, waiter: W) {
        let waiting = self.0.entry(key.clone()).or_default();
        waiting.retain(|waiter| !waiter.is_gone());
        waiting.push(waiter);
    }

    /// The callers that wait for this subscription.
    pub fn take(&mut self, key: &K) -> Vec<W> {
        self.0.remove(key).unwrap_or_default()
    }

    /// All callers.
    pub fn take_all(&mut self) -> impl Iterator<Item = W> + use<K, W> {
        std::mem::take(&mut self.0).into_values().flatten()
    }

    /// The number of callers.
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
