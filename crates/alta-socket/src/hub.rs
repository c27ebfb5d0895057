use crate::queue::{Delivery, Queue, QueueConfig};
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
}

struct Observer<F> {
    queue: Arc<Queue<F>>,
    /// It asked for no key of its own: whatever was missed since then, it missed.
    keyless_since: Option<Instant>,
}

struct Reader<F> {
    queue: Arc<Queue<F>>,
    came: Instant,
    /// Whether the server has confirmed the subscription since this reader came. Before, it cannot miss anything.
    confirmed: bool,
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
        }
    }
}

impl<F> Topic<F> {
    fn is_wanted(&self) -> bool {
        !self.interested.is_empty() || !self.readers.is_empty()
    }
}

impl<F> Reader<F> {
    fn confirmed(&mut self, gap: Option<(Instant, Instant)>) {
        match gap {
            // What was missed before it came it has not missed.
            Some((since, until)) if self.confirmed && until >= self.came => {
                self.queue.push_gap(since, until);
            }
            _ => self.confirmed = true,
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

impl<K: Eq + Hash + Clone, F: Clone> Hub<K, F> {
    /// Registers a reader of these keys, in one queue, so that their events keep their order.
    pub fn subscribe(&self, keys: Vec<K>, queue: QueueConfig) -> Subscriber<K, F> {
        self.register(keys, queue, false)
    }

    /// Registers a reader of every frame that comes, whatever its key, which also wants these keys asked for. It is told
    /// of the gaps of these keys, or if there are none of what [`missed`](Self::missed) says.
    pub fn observe(&self, keys: Vec<K>, queue: QueueConfig) -> Subscriber<K, F> {
        self.register(keys, queue, true)
    }

    fn register(&self, mut keys: Vec<K>, config: QueueConfig, observing: bool) -> Subscriber<K, F> {
        let mut seen = HashSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        let queue = Queue::new(config);
        let came = now();
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
                confirmed: false,
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
        table.notes.drain().collect()
    }

    /// Ready when there are changes to take. For the delivering task; only the last waker is kept.
    pub fn poll_changed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.task.register(cx.waker());
        if self.shared.noted.load(Ordering::Acquire) {
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

    /// Notes that the server holds the subscription to `key` (again). Readers who had it before the connection was
    /// lost are told of the `gap`; readers who came since have missed nothing.
    pub fn confirmed<Q>(&self, key: &Q, gap: Option<(Instant, Instant)>)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut table = self.lock();
        let Some(topic) = table.topics.get_mut(key) else {
            return;
        };
        for reader in topic.readers.iter_mut().chain(&mut topic.interested) {
            reader.confirmed(gap);
        }
    }

    /// Tells streams of everything without keys of their own of a gap, if they were there when it was noticed that the
    /// connection was lost.
    pub fn missed(&self, gap: (Instant, Instant), noticed: Instant) {
        let (since, until) = gap;
        for observer in &self.lock().observers {
            if observer.keyless_since.is_some_and(|came| came <= noticed) {
                observer.queue.push_gap(since, until);
            }
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

/// On the clock that tasks wait by.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// One reader of a [`Hub`]. Dropping it takes its wish out of the set.
pub struct Subscriber<K: Eq + Hash + Clone, F: Clone> {
    hub: Hub<K, F>,
    queue: Arc<Queue<F>>,
    keys: Vec<K>,
    observing: bool,
}

impl<K: Eq + Hash + Clone, F: Clone> Subscriber<K, F> {
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
}

impl<K: Eq + Hash + Clone, F: Clone> Drop for Subscriber<K, F> {
    fn drop(&mut self) {
        self.hub.unregister(&self.keys, &self.queue, self.observing);
    }
}

impl<K: Eq + Hash + Clone + fmt::Debug, F: Clone> fmt::Debug for Subscriber<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("keys", &self.keys)
            .field("observing", &self.observing)
            .field("queued", &self.queue.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use std::time::Duration;

    type TestHub = Hub<&'static str, u32>;

    fn read(reader: &mut Subscriber<&'static str, u32>) -> Vec<Delivery<u32>> {
        let mut cx = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match reader.poll_next(&mut cx) {
            Poll::Ready(delivery) => delivery,
            Poll::Pending => None,
        })
        .collect()
    }

    #[test]
    fn a_slow_reader_delays_and_costs_nobody_else() {
        let hub = TestHub::default();
        let mut slow = hub.subscribe(vec!["a"], QueueConfig::new(2));
        let mut quick = hub.subscribe(vec!["a"], QueueConfig::default());
        for number in 0..5 {
            assert_eq!(hub.publish("a", &number), 2);
        }
        assert_eq!(
            read(&mut slow),
            [Delivery::Lagged(3), Delivery::Frame(3), Delivery::Frame(4)]
        );
        assert_eq!(read(&mut quick).len(), 5);
    }

    #[test]
    fn the_set_follows_the_level_however_streams_come_and_go() {
        let hub = TestHub::default();
        let first = hub.subscribe(vec!["a", "b"], QueueConfig::default());
        let second = hub.subscribe(vec!["b"], QueueConfig::default());
        let mut changes = hub.take_changes();
        changes.sort_unstable();
        assert_eq!(changes, ["a", "b"]);

        drop(first);
        assert_eq!(hub.take_changes(), ["a"]);
        assert!(!hub.is_wanted("a"));
        assert!(hub.is_wanted("b"));

        drop(second);
        let again = hub.subscribe(vec!["b"], QueueConfig::default());
        assert_eq!(hub.take_changes(), ["b"]);
        assert!(hub.is_wanted("b"));
        drop(again);
        assert!(hub.wanted().is_empty());
    }

    #[test]
    fn an_observer_gets_every_frame_once_and_unknown_keys_too() {
        let hub = TestHub::default();
        let mut observer = hub.observe(vec!["a", "b"], QueueConfig::default());
        hub.publish("a", &1);
        hub.publish("never heard of", &2);
        assert_eq!(
            read(&mut observer),
            [Delivery::Frame(1), Delivery::Frame(2)]
        );
        assert!(hub.is_wanted("a"));
        drop(observer);
        assert!(!hub.is_wanted("a"));
    }

    #[test]
    fn what_concerns_all_reaches_every_reader_once() {
        let hub = TestHub::default();
        let mut two_keys = hub.subscribe(vec!["a", "b"], QueueConfig::default());
        let mut everything = hub.observe(vec!["a", "b"], QueueConfig::default());
        let mut keyless = hub.observe(Vec::new(), QueueConfig::default());
        hub.publish_to_all(&1);
        for reader in [&mut two_keys, &mut everything, &mut keyless] {
            assert_eq!(read(reader), [Delivery::Frame(1)]);
        }
    }

    #[test]
    fn only_readers_who_were_there_before_the_loss_are_told_of_the_gap() {
        let hub = TestHub::default();
        let start = Instant::now();
        let mut old = hub.subscribe(vec!["a"], QueueConfig::default());
        hub.confirmed("a", None);
        let mut new = hub.subscribe(vec!["a"], QueueConfig::default());
        let until = start + Duration::from_secs(4);
        hub.confirmed("a", Some((start, until)));
        assert_eq!(read(&mut old), [Delivery::Gap(start, until)]);
        assert_eq!(read(&mut new), []);
        hub.confirmed("a", Some((start, until)));
        assert_eq!(read(&mut new), [Delivery::Gap(start, until)]);
    }

    #[test]
    fn a_reader_who_came_after_a_gap_is_not_told_of_it() {
        let hub = TestHub::default();
        let start = Instant::now();
        let mut old = hub.subscribe(vec!["a"], QueueConfig::default());
        hub.confirmed("a", None);
        let until = now();
        let mut new = hub.subscribe(vec!["a"], QueueConfig::default());
        hub.confirmed("a", None);
        hub.confirmed("a", Some((start, until)));
        assert_eq!(read(&mut old), [Delivery::Gap(start, until)]);
        assert_eq!(read(&mut new), []);
    }

    #[test]
    fn an_observer_is_told_of_the_gaps_of_its_own_keys_if_it_was_there_before_the_loss() {
        let hub = TestHub::default();
        let start = Instant::now();
        let mut old = hub.observe(vec!["a"], QueueConfig::default());
        hub.confirmed("a", None);
        let mut new = hub.observe(vec!["a"], QueueConfig::default());
        let mut other = hub.observe(vec!["b"], QueueConfig::default());
        hub.confirmed("b", None);
        let until = start + Duration::from_secs(4);
        hub.confirmed("a", Some((start, until)));
        assert_eq!(read(&mut old), [Delivery::Gap(start, until)]);
        assert_eq!(read(&mut new), []);
        assert_eq!(read(&mut other), []);
        drop(old);
        assert!(hub.is_wanted("a"));
    }

    #[test]
    fn an_observer_without_keys_is_told_of_every_gap_that_was_noticed_after_it_came() {
        let hub = TestHub::default();
        let start = Instant::now();
        let mut everything = hub.observe(Vec::new(), QueueConfig::default());
        let mut some = hub.observe(vec!["a"], QueueConfig::default());
        let until = start + Duration::from_secs(4);
        hub.missed((start, until), start);
        assert_eq!(read(&mut everything), []);
        hub.missed((start, until), start + Duration::from_secs(2));
        assert_eq!(read(&mut everything), [Delivery::Gap(start, until)]);
        assert_eq!(read(&mut some), []);
    }

    #[test]
    fn an_ended_hub_ends_every_stream_after_what_it_holds() {
        let hub = TestHub::default();
        let mut reader = hub.subscribe(vec!["a"], QueueConfig::default());
        hub.publish("a", &1);
        hub.end();
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(
            reader.poll_next(&mut cx),
            Poll::Ready(Some(Delivery::Frame(1)))
        );
        assert_eq!(reader.poll_next(&mut cx), Poll::Ready(None));
        let mut late = hub.subscribe(vec!["a"], QueueConfig::default());
        assert_eq!(late.poll_next(&mut cx), Poll::Ready(None));
    }
}
