//! Puts frames into the queues of the streams.

use super::Hub;
use super::table::{Reader, Table};
use crate::queue::{Footprint, Pushing, Queue};
use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl<K: Eq + Hash + Clone, F: Clone + Footprint> Hub<K, F> {
    /// Puts a frame into the queue of every stream of its key and of every observer. Returns their number.
    pub fn publish<Q>(&self, key: &Q, frame: F) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let table = self.lock();
        let mut pushing = None;
        let count = self.push(&table, table.readers(key), frame, &mut pushing);
        self.end_push(pushing);
        count
    }

    /// Publishes frames in their order. Returns the number of frames without a stream.
    ///
    /// The table is locked once for all of them, and a queue once for consecutive frames of the same stream.
    pub fn publish_all(
        &self,
        frames: impl IntoIterator<Item = F>,
        key_of: impl Fn(&F) -> Option<&K>,
    ) -> usize {
        let table = self.lock();
        let mut pushing = None;
        let mut unclaimed = 0;
        for frame in frames {
            let readers = key_of(&frame).map_or(&[][..], |key| table.readers(key));
            unclaimed += usize::from(self.push(&table, readers, frame, &mut pushing) == 0);
        }
        self.end_push(pushing);
        unclaimed
    }

    /// Puts a frame into every queue once, independent of the keys of its stream: the frame may concern any of them.
    pub fn publish_to_all(&self, frame: &F) {
        let table = self.lock();
        let topics = table.topics.values();
        let readers = topics.flat_map(|topic| topic.readers.iter().chain(&topic.interested));
        let observers = table.observers.iter().map(|observer| &observer.queue);
        let mut told = HashSet::new();
        for queue in readers.map(|reader| &reader.queue).chain(observers) {
            // A stream of several keys is listed under each of them.
            if told.insert(Arc::as_ptr(queue)) {
                let mut pushing = queue.pushing();
                pushing.push(frame.clone());
                self.end_push(Some(pushing));
            }
        }
    }

    /// Returns whether a stream requested a pause since the last call: it is being read on another thread, but slower than events arrive.
    pub(crate) fn take_pause(&self) -> bool {
        self.shared.pause.load(Ordering::Relaxed)
            && self.shared.pause.swap(false, Ordering::Relaxed)
    }

    /// Puts a frame into the queue of each of these streams and of every observer. Returns their number. The last queue stays
    /// locked in `pushing`, since the next frame usually is for the same stream.
    fn push<'t>(
        &self,
        table: &'t Table<K, F>,
        readers: &'t [Reader<F>],
        frame: F,
        pushing: &mut Option<Pushing<'t, F>>,
    ) -> usize {
        let observers = table.observers.iter().map(|observer| &observer.queue);
        let mut queues = readers.iter().map(|reader| &reader.queue).chain(observers);
        let Some(mut queue) = queues.next() else {
            return 0;
        };
        for next in queues {
            self.lock_for(queue, pushing).push(frame.clone());
            queue = next;
        }
        self.lock_for(queue, pushing).push(frame);
        readers.len() + table.observers.len()
    }

    /// Locks a queue instead of the one in `pushing`, unless it is that one: two queues are never locked at once.
    fn lock_for<'p, 't>(
        &self,
        queue: &'t Queue<F>,
        pushing: &'p mut Option<Pushing<'t, F>>,
    ) -> &'p mut Pushing<'t, F> {
        if !pushing.as_ref().is_some_and(|pushing| pushing.is_of(queue)) {
            self.end_push(pushing.take());
        }
        pushing.get_or_insert_with(|| queue.pushing())
    }

    fn end_push(&self, pushing: Option<Pushing<'_, F>>) {
        if pushing.is_some_and(Pushing::end) {
            self.shared.pause.store(true, Ordering::Relaxed);
        }
    }
}
