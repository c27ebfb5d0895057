mod publish;
mod table;

use crate::outage::KeyState;
use crate::queue::{Delivery, Footprint, Queue, QueueConfig, now};
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
use table::{Observer, Reader, Table, Topic};

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

impl<K, F> Shared<K, F> {
    fn note(&self) {
        self.noted.store(true, Ordering::Release);
        self.task.wake();
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
