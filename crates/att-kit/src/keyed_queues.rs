//! Queues by key, without I/O: the items of one key keep their order, and the number of running and waiting items is bounded.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A queue per key: one item of a key at a time, in order; different keys concurrently, up to a bound. A barrier runs alone:
/// after all earlier items, and before all later ones.
#[derive(Debug)]
pub(crate) struct KeyedQueues<K, T> {
    by_key: HashMap<K, Queue<T>>,
    /// Keys that have items and run none, in the order in which they became ready.
    ready: VecDeque<K>,
    /// The first barrier that has not begun and everything after it; true for a barrier.
    behind: VecDeque<(K, T, bool)>,
    /// True if a barrier runs.
    barrier_runs: bool,
    /// Items that have not begun.
    waiting: usize,
    running: usize,
    at_once: usize,
    capacity: usize,
}

#[derive(Debug)]
struct Queue<T> {
    items: VecDeque<T>,
    runs: bool,
}

impl<K: Clone + Eq + Hash, T> KeyedQueues<K, T> {
    pub(crate) fn new(at_once: usize, capacity: usize) -> Self {
        Self {
            by_key: HashMap::new(),
            ready: VecDeque::new(),
            behind: VecDeque::new(),
            barrier_runs: false,
            waiting: 0,
            running: 0,
            at_once: at_once.max(1),
            capacity: capacity.max(1),
        }
    }

    /// Returns whether no more items should be pushed.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting >= self.capacity
    }

    /// Returns whether there are items that have not begun.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting > 0
    }

    pub(crate) fn push(&mut self, key: K, item: T) {
        self.waiting += 1;
        if self.barrier_runs || !self.behind.is_empty() {
            self.behind.push_back((key, item, false));
        } else {
            self.enqueue(key, item);
        }
    }

    /// Pushes an item that begins when all earlier ones are done, and that all later ones wait for.
    pub(crate) fn push_barrier(&mut self, key: K, item: T) {
        self.waiting += 1;
        self.behind.push_back((key, item, true));
    }

    fn enqueue(&mut self, key: K, item: T) {
        let queue = self.by_key.entry(key.clone()).or_insert_with(|| Queue {
            items: VecDeque::new(),
            runs: false,
        });
        if !queue.runs && queue.items.is_empty() {
            self.ready.push_back(key);
        }
        queue.items.push_back(item);
    }

    /// The next item to run, if one may run now. Call [`done`](Self::done) when it has ended.
    pub(crate) fn begin(&mut self) -> Option<(K, T)> {
        if self.barrier_runs || self.running >= self.at_once {
            return None;
        }
        let Some(key) = self.ready.pop_front() else {
            return self.begin_barrier();
        };
        let queue = self.by_key.get_mut(&key)?;
        let item = queue.items.pop_front()?;
        queue.runs = true;
        self.waiting -= 1;
        self.running += 1;
        Some((key, item))
    }

    /// The first item of `behind` is always a barrier.
    fn begin_barrier(&mut self) -> Option<(K, T)> {
        if self.running > 0 {
            return None;
        }
        let (key, item, _) = self.behind.pop_front()?;
        self.barrier_runs = true;
        self.waiting -= 1;
        self.running += 1;
        Some((key, item))
    }

    pub(crate) fn done(&mut self, key: &K) {
        self.running -= 1;
        if std::mem::take(&mut self.barrier_runs) {
            while self
                .behind
                .front()
                .is_some_and(|(_, _, is_barrier)| !is_barrier)
                && let Some((key, item, _)) = self.behind.pop_front()
            {
                self.enqueue(key, item);
            }
            return;
        }
        if let Some(queue) = self.by_key.get_mut(key) {
            queue.runs = false;
            if queue.items.is_empty() {
                self.by_key.remove(key);
            } else {
                self.ready.push_back(key.clone());
            }
        }
    }

    /// Drops the items that have not begun, and returns their number.
    pub(crate) fn clear(&mut self) -> usize {
        self.ready.clear();
        self.behind.clear();
        self.by_key.retain(|_, queue| {
            queue.items.clear();
            queue.runs
        });
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
#[path = "keyed_queues_tests.rs"]
mod tests;
