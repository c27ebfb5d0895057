use crate::outage::{Outage, Standing};
use crate::queue::{Delivery, Footprint, Queue, QueueConfig, now};
use crate::wall::{instant_of, wall_time};
use alta_model::Timestamp;
use futures_util::task::AtomicWaker;
use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

/// The set of what is wanted, and who gets it: shared by the handles that subscribe and the one task that delivers.
///
/// Subscribing and dropping a stream change the set and leave a note of the key; the task reads the notes and asks
/// for the level ([`is_wanted`](Hub::is_wanted)), never for the edge. So no message can be lost, a dropped stream
/// spawns nothing, and dropping and subscribing again in any order end in the right place.
///
/// `K` names a subscription (an event's name, or a name and a key), `F` is a frame and cheap to clone.
pub struct Hub<K, F> {
    shared: Arc<Shared<K, F>>,
}

struct Shared<K, F> {
    table: Mutex<Table<K, F>>,
    /// Set with every note, so that the task sees without the lock that there is nothing to take.
    noted: AtomicBool,
    task: AtomicWaker,
}

struct Table<K, F> {
    topics: HashMap<K, Topic<F>>,
    observers: Vec<Observer<F>>,
    notes: HashSet<K>,
    ended: bool,
}

struct Topic<F> {
    readers: Vec<Reader<F>>,
    /// Streams of everything that want this key asked for, without having it delivered twice.
    interested: Vec<Reader<F>>,
    /// When it was noticed that the server does not hold it any more.
    lost: Option<Instant>,
}

struct Observer<F> {
    queue: Arc<Queue<F>>,
    /// It asked for no key of its own: whatever was missed since then, it missed.
    keyless_since: Option<Instant>,
}

struct Reader<F> {
    queue: Arc<Queue<F>>,
    came: Instant,
    standing: Standing,
}

impl<K, F> Shared<K, F> {
    fn note(&self) {
        self.noted.store(true, Ordering::Release);
        self.task.wake();
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
    /// It is not lost any more: observers without keys, who lost it too, wait for it no longer.
    fn not_lost(&mut self, observers: &[Observer<F>], change: impl Fn(&mut Outage)) {
        if let Some(noticed) = self.lost.take() {
            for observer in observers {
                observer.tell(noticed, |outage| {
                    outage.remove(Standing::Lost);
                    change(outage);
                });
            }
        }
    }
}

impl<F: Footprint> Reader<F> {
    fn lost(&mut self, since: Instant, noticed: Instant) {
        let is_lost = match self.standing {
            Standing::Held | Standing::Asked => self.came <= noticed,
            Standing::Lost => true,
            // It has missed nothing yet, or will be told when the server changes its mind.
            Standing::Unserved | Standing::Refused { .. } => false,
        };
        if is_lost {
            self.queue.outage(|outage| {
                outage.change(&mut self.standing, Standing::Lost);
                outage.begins(since);
            });
        }
    }

    fn asked(&mut self) {
        if self.standing == Standing::Held {
            self.queue
                .outage(|outage| outage.change(&mut self.standing, Standing::Asked));
        }
    }

    fn refused(&mut self) {
        let served = match self.standing {
            Standing::Unserved => false,
            Standing::Refused { served } => served,
            Standing::Held | Standing::Asked | Standing::Lost => true,
        };
        let to = Standing::Refused { served };
        self.queue
            .outage(|outage| outage.change(&mut self.standing, to));
    }

    fn confirmed(&mut self, gap: Option<(Instant, Instant)>) {
        let before = self.standing;
        self.queue.outage(|outage| {
            outage.change(&mut self.standing, Standing::Held);
            match (before, gap) {
                (Standing::Unserved | Standing::Refused { served: false }, _) => {}
                (Standing::Lost, None) => {
                    let until = now();
                    outage.ends(outage.since().unwrap_or(until), until);
                }
                // What was missed before it came it has not missed.
                (_, Some((since, until))) if until >= self.came => outage.ends(since, until),
                (_, _) => {}
            }
        });
    }
}

impl<F: Footprint> Observer<F> {
    /// Tells an observer without keys what became of any key, if it was there when that was noticed.
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
                    topics: HashMap::new(),
                    observers: Vec::new(),
                    notes: HashSet::new(),
                    ended: false,
                }),
                noted: AtomicBool::new(false),
                task: AtomicWaker::new(),
            }),
        }
    }
}

impl<K: Eq + Hash + Clone, F: Clone + Footprint> Hub<K, F> {
    /// Registers a reader of these keys, in one queue, so that their events keep their order.
    pub fn subscribe(&self, keys: Vec<K>, queue: QueueConfig) -> Subscriber<K, F> {
        self.register(keys, queue, false, None)
    }

    /// Registers a reader of every frame that comes, whatever its key, which also wants these keys asked for. It is told
    /// of the gaps of these keys, or if there are none of every gap.
    pub fn observe(&self, keys: Vec<K>, queue: QueueConfig) -> Subscriber<K, F> {
        self.register(keys, queue, true, None)
    }

    /// Registers a reader as [`subscribe`](Self::subscribe) does, or with `everything` as [`observe`](Self::observe) does,
    /// that has been missing events since a moment before it came: it goes on where another one ended.
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
        let mut seen = HashSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        let queue = Queue::new(config);
        let came = now();
        let standing = match since {
            Some(_) => Standing::Lost,
            None => Standing::Unserved,
        };
        queue.outage(|outage| {
            for _ in &keys {
                outage.add(standing);
            }
            match since {
                Some(since) if !keys.is_empty() => outage.begins(since),
                // Without a key it lacks none.
                _ if keys.is_empty() => outage.add(Standing::Held),
                _ => {}
            }
        });
        let mut table = self.lock();
        if table.ended {
            queue.end();
        }
        for key in &keys {
            // Always a note, even for a key that others want too: the task then marks this reader as confirmed.
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
                standing,
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
            keys,
            observing,
        }
    }

    /// The keys that readers came for, or that nobody wants any more, since the last call. For the delivering task.
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

    /// Ready when there are changes to take. For the delivering task; only the last waker is kept.
    pub fn poll_changed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.task.register(cx.waker());
        if self.has_changes() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Whether anybody wants this key now.
    pub fn is_wanted<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.lock().topics.get(key).is_some_and(Topic::is_wanted)
    }

    /// Every key that is wanted now.
    pub fn wanted(&self) -> Vec<K> {
        let table = self.lock();
        let wanted = table.topics.iter().filter(|(_, topic)| topic.is_wanted());
        wanted.map(|(key, _)| key.clone()).collect()
    }

    /// Hands a frame to every reader of its key and to every observer, and tells how many there were.
    pub fn publish<Q>(&self, key: &Q, frame: &F) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let table = self.lock();
        let readers = table
            .topics
            .get(key)
            .map_or(&[][..], |topic| &topic.readers);
        for reader in readers {
            reader.queue.push(frame.clone());
        }
        for observer in &table.observers {
            observer.queue.push(frame.clone());
        }
        readers.len() + table.observers.len()
    }

    /// Hands a frame to every reader once, whatever its keys: it concerns all of them, or it is not known whom.
    pub fn publish_to_all(&self, frame: &F) {
        let table = self.lock();
        let topics = table.topics.values();
        let readers = topics.flat_map(|topic| topic.readers.iter().chain(&topic.interested));
        let observers = table.observers.iter().map(|observer| &observer.queue);
        let mut told = HashSet::new();
        for queue in readers.map(|reader| &reader.queue).chain(observers) {
            // A reader of several keys stands under each of them.
            if told.insert(Arc::as_ptr(queue)) {
                queue.push(frame.clone());
            }
        }
    }

    /// Notes that the connection was lost on which the server held `key`: it was last heard `since` then, which was
    /// `noticed` later. Readers who had it by then are interrupted until it is [`confirmed`](Self::confirmed).
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
                    outage.add(Standing::Lost);
                }
                outage.begins(since);
            });
        }
    }

    /// Notes that the server is asked whether it still holds `key`. What it says of this key and of others that are asked
    /// about meanwhile is one gap, if it is one.
    pub fn asked<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(topic) = self.lock().topics.get_mut(key) {
            topic.all().for_each(Reader::asked);
        }
    }

    /// Notes that the server refused `key` for good: nobody waits for it any more.
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

    /// Notes that the server holds the subscription to `key` (again). Readers who had it before are told of the `gap` as
    /// soon as all their keys are back; readers who came since have missed nothing.
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

    /// Ends every stream, now and in future: the connection is closed for good.
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
                // From here on nothing of it is missed.
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
        // Every change is completed before anything that could panic, so a poisoned table is still whole.
        self.shared
            .table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader of a [`Hub`]. Dropping it takes its wish out of the set.
pub struct Subscriber<K: Eq + Hash + Clone, F: Clone + Footprint> {
    hub: Hub<K, F>,
    queue: Arc<Queue<F>>,
    keys: Vec<K>,
    observing: bool,
}

impl<K: Eq + Hash + Clone, F: Clone + Footprint> Subscriber<K, F> {
    /// The next thing for this reader; `None` when the hub has ended and everything was read.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery<F>>> {
        self.queue.poll_pop(cx)
    }

    /// The keys it reads.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// How many deliveries wait in its queue.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Whether the server holds all its keys now, as far as known, but for those that it refused.
    pub fn is_live(&self) -> bool {
        self.queue.outage(|outage| outage.is_live()) && !self.queue.has_ended()
    }

    /// Since when events of its keys may be missing; `None` while nothing is, and before it was first served. A
    /// [`Delivery::Gap`] says the same once this is over.
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
            .field("queued", &self.queue.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
