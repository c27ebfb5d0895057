use crate::outage::{KeyState, Outage};
use crate::queue::{Delivery, Footprint, Pushing, Queue, QueueConfig, now};
use crate::wall::{instant_of, wall_time};
use alta_model::Timestamp;
use foldhash::fast::RandomState;
use futures_util::task::AtomicWaker;
use std::borrow::Borrow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

/// The wanted subscriptions and the queues of their streams. The handles that subscribe share it with the one task that
/// publishes.
///
/// A new or dropped stream changes the set and notes its keys. The task takes the notes and reads the current value
/// ([`is_wanted`](Hub::is_wanted)) of each key. So no change is lost, a dropped stream spawns no task, and the order in which
/// streams come and go does not matter.
///
/// `K` names a subscription (an event name, or a topic), `F` is a frame that is cheap to clone.
pub struct Hub<K, F> {
    shared: Arc<Shared<K, F>>,
}

struct Shared<K, F> {
    table: Mutex<Table<K, F>>,
    /// Set with every note, so that the task needs no lock to see that there is no note.
    noted: AtomicBool,
    task: AtomicWaker,
    /// Set when a stream requests a pause.
    pause: AtomicBool,
}

struct Table<K, F> {
    topics: HashMap<K, Topic<F>, RandomState>,
    observers: Vec<Observer<F>>,
    notes: HashSet<K, RandomState>,
    ended: bool,
}

struct Topic<F> {
    readers: Vec<Reader<F>>,
    /// Observers that want this key. Their frames come through `Table::observers`.
    interested: Vec<Reader<F>>,
    /// When the task noticed that the server no longer holds it.
    lost: Option<Instant>,
}

struct Observer<F> {
    queue: Arc<Queue<F>>,
    /// Set if it has no keys of its own: it misses every event that any key misses after this instant.
    keyless_since: Option<Instant>,
}

struct Reader<F> {
    queue: Arc<Queue<F>>,
    came: Instant,
    state: KeyState,
}

impl<K, F> Shared<K, F> {
    fn note(&self) {
        self.noted.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl<K: Eq + Hash, F> Table<K, F> {
    fn readers<Q>(&self, key: &Q) -> &[Reader<F>]
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let topic = self.topics.get(key);
        topic.map_or(&[], |topic| &topic.readers)
    }
}

impl<F> Default for Topic<F> {
    fn default() -> Self {
        Self {
            readers: Vec::new(),
            interested: Vec::new(),
            lost: None,
        }
    }
}

impl<F> Topic<F> {
    fn is_wanted(&self) -> bool {
        !self.interested.is_empty() || !self.readers.is_empty()
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Reader<F>> {
        self.readers.iter_mut().chain(&mut self.interested)
    }
}

impl<F: Footprint> Topic<F> {
    /// Ends the loss of the key, also for the observers without keys.
    fn not_lost(&mut self, observers: &[Observer<F>], change: impl Fn(&mut Outage)) {
        if let Some(noticed) = self.lost.take() {
            for observer in observers {
                observer.tell(noticed, |outage| {
                    outage.remove(KeyState::Lost);
                    change(outage);
                });
            }
        }
    }
}

impl<F: Footprint> Reader<F> {
    fn lost(&mut self, since: Instant, noticed: Instant) {
        let is_lost = match self.state {
            KeyState::Held | KeyState::Asked => self.came <= noticed,
            KeyState::Lost => true,
            // It has missed nothing yet, or its gap begins when the server confirms the refused subscription.
            KeyState::Unserved | KeyState::Refused { .. } => false,
        };
        if is_lost {
            self.queue.outage(|outage| {
                outage.change(&mut self.state, KeyState::Lost);
                outage.begins(since);
            });
        }
    }

    fn asked(&mut self) {
        if self.state == KeyState::Held {
            self.queue
                .outage(|outage| outage.change(&mut self.state, KeyState::Asked));
        }
    }

    fn refused(&mut self) {
        let served = match self.state {
            KeyState::Unserved => false,
            KeyState::Refused { served } => served,
            KeyState::Held | KeyState::Asked | KeyState::Lost => true,
        };
        let to = KeyState::Refused { served };
        self.queue
            .outage(|outage| outage.change(&mut self.state, to));
    }

    fn confirmed(&mut self, gap: Option<(Instant, Instant)>) {
        let before = self.state;
        self.queue.outage(|outage| {
            outage.change(&mut self.state, KeyState::Held);
            match (before, gap) {
                (KeyState::Unserved | KeyState::Refused { served: false }, _) => {}
                (KeyState::Lost, None) => {
                    let until = now();
                    outage.ends(outage.since().unwrap_or(until), until);
                }
                // A gap that ended before the stream began is not a gap of this stream.
                (_, Some((since, until))) if until >= self.came => outage.ends(since, until),
                (_, _) => {}
            }
        });
    }
}

impl<F: Footprint> Observer<F> {
    /// Applies a change of any key to an observer without keys, if it existed when the task noticed the change.
    fn tell(&self, noticed: Instant, change: impl FnOnce(&mut Outage)) {
        if self.keyless_since.is_some_and(|came| came <= noticed) {
            self.queue.outage(change);
        }
    }
}

impl<K, F> Clone for Hub<K, F> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K, F> fmt::Debug for Hub<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl<K, F> Default for Hub<K, F> {
    fn default() -> Self {
        Self {
            shared: Arc::new(Shared {
                table: Mutex::new(Table {
                    topics: HashMap::default(),
                    observers: Vec::new(),
                    notes: HashSet::default(),
                    ended: false,
                }),
                noted: AtomicBool::new(false),
                task: AtomicWaker::new(),
                pause: AtomicBool::new(false),
            }),
        }
    }
}

impl<K: Eq + Hash + Clone, F: Clone + Footprint> Hub<K, F> {
    /// Registers a stream of these keys. They share one queue, so their events keep their order.
    pub fn subscribe(&self, keys: Vec<K>, queue: QueueConfig) -> Subscriber<K, F> {
        self.register(keys, queue, false, None)
    }

    /// Registers an observer: a stream of every published frame, with any key. These keys become wanted. It yields the
    /// gaps of these keys, or every gap if it has no keys.
    pub fn observe(&self, keys: Vec<K>, queue: QueueConfig) -> Subscriber<K, F> {
        self.register(keys, queue, true, None)
    }

    /// Registers a stream as [`subscribe`](Self::subscribe) does, or with `everything` as [`observe`](Self::observe) does,
    /// which continues a stream that ended at `since`: it begins with a gap from then on.
    pub fn resume(
        &self,
        keys: Vec<K>,
        queue: QueueConfig,
        everything: bool,
        since: Timestamp,
    ) -> Subscriber<K, F> {
        self.register(keys, queue, everything, Some(instant_of(since, now())))
    }

    fn register(
        &self,
        mut keys: Vec<K>,
        config: QueueConfig,
        observing: bool,
        since: Option<Instant>,
    ) -> Subscriber<K, F> {
        let mut seen = HashSet::<_, RandomState>::default();
        keys.retain(|key| seen.insert(key.clone()));
        let queue = Queue::new(config);
        let came = now();
        let state = match since {
            Some(_) => KeyState::Lost,
            None => KeyState::Unserved,
        };
        queue.outage(|outage| {
            for _ in &keys {
                outage.add(state);
            }
            match since {
                Some(since) if !keys.is_empty() => outage.begins(since),
                // A stream without keys misses none.
                _ if keys.is_empty() => outage.add(KeyState::Held),
                _ => {}
            }
        });
        let mut table = self.lock();
        if table.ended {
            queue.end();
        }
        for key in &keys {
            // Also for a key that is wanted already: the task then marks this stream as confirmed.
            table.notes.insert(key.clone());
            let topic = table.topics.entry(key.clone()).or_default();
            let readers = if observing {
                &mut topic.interested
            } else {
                &mut topic.readers
            };
            readers.push(Reader {
                queue: Arc::clone(&queue),
                came,
                state,
            });
        }
        if observing {
            table.observers.push(Observer {
                queue: Arc::clone(&queue),
                keyless_since: keys.is_empty().then_some(came),
            });
        }
        drop(table);
        self.shared.note();
        Subscriber {
            hub: self.clone(),
            queue,
            taken: VecDeque::new(),
            keys,
            observing,
        }
    }

    /// The keys that new streams want or that are no longer wanted, since the last call. For the publishing task.
    pub fn take_changes(&self) -> Vec<K> {
        let mut table = self.lock();
        self.shared.noted.store(false, Ordering::Release);
        // A drained set keeps its room, which would be cleared at each call.
        std::mem::take(&mut table.notes).into_iter().collect()
    }

    /// True if there may be changes to take.
    pub(crate) fn has_changes(&self) -> bool {
        self.shared.noted.load(Ordering::Acquire)
    }

    /// Ready when there are changes to take. For the publishing task; only the last waker is kept.
    pub fn poll_changed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.task.register(cx.waker());
        if self.has_changes() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Returns whether any stream wants this key now.
    pub fn is_wanted<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.lock().topics.get(key).is_some_and(Topic::is_wanted)
    }

    /// All keys that are wanted now.
    pub fn wanted(&self) -> Vec<K> {
        let table = self.lock();
        let wanted = table.topics.iter().filter(|(_, topic)| topic.is_wanted());
        wanted.map(|(key, _)| key.clone()).collect()
    }

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

    /// Notes the loss of the connection on which the server held `key`. The last frame arrived at `since`; the task noticed
    /// the loss at `noticed`. Streams that existed by then are interrupted until the key is [`confirmed`](Self::confirmed).
    pub fn lost<Q>(&self, key: &Q, since: Instant, noticed: Instant)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut table = self.lock();
        let Table {
            topics, observers, ..
        } = &mut *table;
        let Some(topic) = topics.get_mut(key) else {
            return;
        };
        topic.all().for_each(|reader| reader.lost(since, noticed));
        let is_news = topic.lost.is_none();
        let noticed = *topic.lost.get_or_insert(noticed);
        for observer in observers {
            observer.tell(noticed, |outage| {
                if is_news {
                    outage.add(KeyState::Lost);
                }
                outage.begins(since);
            });
        }
    }

    /// Notes a request to the server that tells whether it still holds `key`. The losses of all keys that are asked for at the
    /// same time become one gap.
    pub fn asked<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(topic) = self.lock().topics.get_mut(key) {
            topic.all().for_each(Reader::asked);
        }
    }

    /// Notes that the server refused `key`: no gap waits for it any longer.
    pub fn refused<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut table = self.lock();
        let Table {
            topics, observers, ..
        } = &mut *table;
        if let Some(topic) = topics.get_mut(key) {
            topic.all().for_each(Reader::refused);
            topic.not_lost(observers, |_| {});
        }
    }

    /// Notes that the server holds the subscription to `key` (again). Older streams yield the `gap` as soon as all their keys
    /// are confirmed; streams that began after the gap have missed nothing.
    pub fn confirmed<Q>(&self, key: &Q, gap: Option<(Instant, Instant)>)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut table = self.lock();
        let Table {
            topics, observers, ..
        } = &mut *table;
        let Some(topic) = topics.get_mut(key) else {
            return;
        };
        topic.all().for_each(|reader| reader.confirmed(gap));
        match gap {
            Some((since, until)) if topic.lost.is_none() => {
                for observer in observers {
                    observer.tell(until, |outage| outage.ends(since, until));
                }
            }
            _ => topic.not_lost(observers, |outage| {
                let until = now();
                let since = outage.since().unwrap_or(until);
                let (since, until) = gap.unwrap_or((since, until));
                outage.ends(since, until);
            }),
        }
    }

    /// Ends all streams, also those that are registered later: the connection is closed permanently.
    pub fn end(&self) {
        let mut table = self.lock();
        table.ended = true;
        for topic in table.topics.values() {
            topic.readers.iter().for_each(|reader| reader.queue.end());
        }
        table
            .observers
            .iter()
            .for_each(|observer| observer.queue.end());
    }

    fn unregister(&self, keys: &[K], queue: &Arc<Queue<F>>, observing: bool) {
        let mut table = self.lock();
        let table = &mut *table;
        for key in keys {
            let Some(topic) = table.topics.get_mut(key) else {
                continue;
            };
            let readers = if observing {
                &mut topic.interested
            } else {
                &mut topic.readers
            };
            readers.retain(|reader| !Arc::ptr_eq(&reader.queue, queue));
            if !topic.is_wanted() {
                // An event of an unwanted key is not missed.
                topic.not_lost(&table.observers, |outage| {
                    let until = now();
                    outage.ends(outage.since().unwrap_or(until), until);
                });
                table.topics.remove(key);
                table.notes.insert(key.clone());
            }
        }
        if observing {
            table
                .observers
                .retain(|observer| !Arc::ptr_eq(&observer.queue, queue));
        }
        self.shared.note();
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

    fn lock(&self) -> MutexGuard<'_, Table<K, F>> {
        // Every change is completed before a panic is possible, so a poisoned table is valid.
        self.shared
            .table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receiving end of a stream of a [`Hub`]. When it is dropped, its keys are no longer wanted, unless another stream wants
/// them.
pub struct Subscriber<K: Eq + Hash + Clone, F: Clone + Footprint> {
    hub: Hub<K, F>,
    queue: Arc<Queue<F>>,
    /// The items that were taken from the queue.
    taken: VecDeque<Delivery<F>>,
    keys: Vec<K>,
    observing: bool,
}

impl<K: Eq + Hash + Clone, F: Clone + Footprint> Subscriber<K, F> {
    /// The next delivery; `None` when the hub has ended and everything was read.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery<F>>> {
        self.queue.poll_pop(&mut self.taken, cx)
    }

    /// The keys of the stream.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// The number of deliveries in its queue.
    pub fn queued(&self) -> usize {
        self.taken.len() + self.queue.len()
    }

    /// Returns whether the server holds all keys now, as far as known, except refused keys.
    pub fn is_live(&self) -> bool {
        self.queue.outage(|outage| outage.is_live()) && !self.queue.has_ended()
    }

    /// The beginning of the present outage of its keys; `None` if there is none, and before the first confirmation. A
    /// [`Delivery::Gap`] reports the outage when it is over.
    pub fn interrupted_since(&self) -> Option<Timestamp> {
        let since = self.queue.outage(|outage| outage.since())?;
        Some(wall_time(since, now()).into())
    }
}

impl<K: Eq + Hash + Clone, F: Clone + Footprint> Drop for Subscriber<K, F> {
    fn drop(&mut self) {
        self.hub.unregister(&self.keys, &self.queue, self.observing);
    }
}

impl<K: Eq + Hash + Clone + fmt::Debug, F: Clone + Footprint> fmt::Debug for Subscriber<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("keys", &self.keys)
            .field("observing", &self.observing)
            .field("queued", &self.queued())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
