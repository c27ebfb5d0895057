use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

/// A lock per key, in the order of the requests. A key that nobody uses takes no memory.
#[derive(Debug)]
pub(crate) struct KeyedLocks<K>(Mutex<HashMap<K, Arc<Lock<()>>>>);

impl<K> Default for KeyedLocks<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Eq + Hash> KeyedLocks<K> {
    /// Waits for the lock of a key.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the request loses its place.
    pub(crate) async fn lock(self: &Arc<Self>, key: K) -> KeyedGuard<K> {
        let lock = Arc::clone(self.locks().entry(key).or_default());
        let mut guard = KeyedGuard {
            locks: Arc::clone(self),
            key,
            guard: None,
        };
        guard.guard = Some(lock.lock_owned().await);
        guard
    }

    fn locks(&self) -> MutexGuard<'_, HashMap<K, Arc<Lock<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds the lock of a key.
#[derive(Debug)]
pub(crate) struct KeyedGuard<K: Copy + Eq + Hash> {
    locks: Arc<KeyedLocks<K>>,
    key: K,
    /// `None` while the lock is awaited.
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K: Copy + Eq + Hash> Drop for KeyedGuard<K> {
    fn drop(&mut self) {
        let mut locks = self.locks.locks();
        self.guard = None;
        // Others hold or await it, or the map alone has it.
        if locks
            .get(&self.key)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            locks.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn a_key_is_locked_once_and_forgotten_when_nobody_uses_it() {
        let locks = Arc::new(KeyedLocks::default());
        let first = locks.lock(1).await;
        let other = locks.lock(2).await;
        let mut second = Box::pin(locks.lock(1));
        assert!((&mut second).now_or_never().is_none());
        {
            let mut canceled = Box::pin(locks.lock(1));
            assert!((&mut canceled).now_or_never().is_none());
        }
        drop((first, other));
        assert_eq!(locks.locks().len(), 1);
        drop(second.await);
        assert_eq!(locks.locks().len(), 0);
    }
}
