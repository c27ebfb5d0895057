//! What waits to be done, so that what concerns one player keeps its order, and not too much is done at once.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Lanes of work: one piece of a lane at a time, in order; different lanes side by side, up to a bound. Some work is done
/// alone: after everything that came before it, and before everything that comes after it.
#[derive(Debug)]
pub(crate) struct Lanes<K, T> {
    by_key: HashMap<K, Lane<T>>,
    /// Lanes that have work and are not busy, in the order in which they came to be so.
    ready: VecDeque<K>,
    /// What came after work that is done alone, that work first; true for such work.
    behind: VecDeque<(K, T, bool)>,
    /// Whether work that is done alone runs.
    alone: bool,
    /// In lanes and behind.
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
            behind: VecDeque::new(),
            alone: false,
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

    /// Whether there is work that has not begun.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting > 0
    }

    pub(crate) fn push(&mut self, key: K, work: T) {
        self.waiting += 1;
        if self.alone || !self.behind.is_empty() {
            self.behind.push_back((key, work, false));
        } else {
            self.line_up(key, work);
        }
    }

    /// Work that begins when everything before it is done, and that everything after it waits for.
    pub(crate) fn push_alone(&mut self, key: K, work: T) {
        self.waiting += 1;
        self.behind.push_back((key, work, true));
    }

    fn line_up(&mut self, key: K, work: T) {
        let lane = self.by_key.entry(key.clone()).or_insert_with(|| Lane {
            work: VecDeque::new(),
            busy: false,
        });
        if !lane.busy && lane.work.is_empty() {
            self.ready.push_back(key);
        }
        lane.work.push_back(work);
    }

    /// The next piece of work to begin, if one may begin now. Say [`done`](Self::done) when it is.
    pub(crate) fn begin(&mut self) -> Option<(K, T)> {
        if self.alone || self.running >= self.at_once {
            return None;
        }
        let Some(key) = self.ready.pop_front() else {
            return self.begin_alone();
        };
        let lane = self.by_key.get_mut(&key)?;
        let work = lane.work.pop_front()?;
        lane.busy = true;
        self.waiting -= 1;
        self.running += 1;
        Some((key, work))
    }

    /// The front of what is behind is always work that is done alone.
    fn begin_alone(&mut self) -> Option<(K, T)> {
        if self.running > 0 {
            return None;
        }
        let (key, work, _) = self.behind.pop_front()?;
        self.alone = true;
        self.waiting -= 1;
        self.running += 1;
        Some((key, work))
    }

    pub(crate) fn done(&mut self, key: &K) {
        self.running -= 1;
        if std::mem::take(&mut self.alone) {
            while self.behind.front().is_some_and(|(_, _, alone)| !alone)
                && let Some((key, work, _)) = self.behind.pop_front()
            {
                self.line_up(key, work);
            }
            return;
        }
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
        self.behind.clear();
        self.by_key.retain(|_, lane| {
            lane.work.clear();
            lane.busy
        });
        std::mem::take(&mut self.waiting)
    }
}
