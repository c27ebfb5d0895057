//! What waits to be done, so that what concerns one player keeps its order, and not too much is done at once.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Lanes of work: one piece of a lane at a time, in order; different lanes side by side, up to a bound.
#[derive(Debug)]
pub(crate) struct Lanes<K, T> {
    by_key: HashMap<K, Lane<T>>,
    /// Lanes that have work and are not busy, in the order in which they came to be so.
    ready: VecDeque<K>,
    waiting: usize,
    running: usize,
    at_once: usize,
    capacity: usize,
}

#[derive(Debug)]
struct Lane<T> {
    work: VecDeque<T>,
    busy: bool,
}

impl<K: Clone + Eq + Hash, T> Lanes<K, T> {
    pub(crate) fn new(at_once: usize, capacity: usize) -> Self {
        Self {
            by_key: HashMap::new(),
            ready: VecDeque::new(),
            waiting: 0,
            running: 0,
            at_once: at_once.max(1),
            capacity: capacity.max(1),
        }
    }

    /// Whether no more work should be brought.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting >= self.capacity
    }

    pub(crate) fn push(&mut self, key: K, work: T) {
        let lane = self.by_key.entry(key.clone()).or_insert_with(|| Lane {
            work: VecDeque::new(),
            busy: false,
        });
        if !lane.busy && lane.work.is_empty() {
            self.ready.push_back(key);
        }
        lane.work.push_back(work);
        self.waiting += 1;
    }

    /// The next piece of work to begin, if one may begin now. Say [`done`](Self::done) when it is.
    pub(crate) fn begin(&mut self) -> Option<(K, T)> {
        if self.running >= self.at_once {
            return None;
        }
        let key = self.ready.pop_front()?;
        let lane = self.by_key.get_mut(&key)?;
        let work = lane.work.pop_front()?;
        lane.busy = true;
        self.waiting -= 1;
        self.running += 1;
        Some((key, work))
    }

    pub(crate) fn done(&mut self, key: &K) {
        self.running -= 1;
        if let Some(lane) = self.by_key.get_mut(key) {
            lane.busy = false;
            if lane.work.is_empty() {
                self.by_key.remove(key);
            } else {
                self.ready.push_back(key.clone());
            }
        }
    }

    /// Drops what has not begun, and tells how much that was.
    pub(crate) fn clear(&mut self) -> usize {
        self.ready.clear();
        self.by_key.retain(|_, lane| {
            lane.work.clear();
            lane.busy
        });
        std::mem::take(&mut self.waiting)
    }
}
