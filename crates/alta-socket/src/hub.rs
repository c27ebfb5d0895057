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
mod tests {
    use super::*;
    use proptest::prelude::*;
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
        let _some = hub.subscribe(vec!["a", "b"], QueueConfig::default());
        for key in ["a", "b"] {
            hub.confirmed(key, None);
        }
        let at = |seconds| start + Duration::from_secs(seconds);
        for key in ["a", "b"] {
            hub.lost(key, start, at(2));
        }
        let late = hub.observe(Vec::new(), QueueConfig::default());
        // It came after that was noticed.
        late.queue.outage(|outage| assert!(outage.is_live()));
        hub.confirmed("a", Some((start, at(3))));
        assert!(!everything.is_live());
        hub.publish("a", &1);
        hub.confirmed("b", Some((start, at(4))));
        let told = [Delivery::Frame(1), Delivery::Gap(start, at(4))];
        assert_eq!(read(&mut everything), told);
        assert!(everything.is_live());

        hub.lost("a", at(5), start);
        hub.confirmed("a", Some((at(5), at(6))));
        assert_eq!(read(&mut everything), [], "it was noticed before it came");
    }

    #[test]
    fn a_refused_key_holds_up_no_gap_and_one_that_is_back_later_is_a_gap() {
        let hub = TestHub::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut reader = hub.subscribe(vec!["a", "b", "c"], QueueConfig::default());
        hub.refused("c");
        for key in ["a", "b"] {
            hub.confirmed(key, None);
        }
        assert!(reader.is_live(), "what was refused is not counted");
        for key in ["a", "b"] {
            hub.lost(key, start, now());
        }
        hub.refused("b");
        assert_eq!(read(&mut reader), []);
        hub.confirmed("a", Some((start, at(1))));
        assert_eq!(read(&mut reader), [Delivery::Gap(start, at(1))]);
        assert!(reader.is_live());
        hub.confirmed("b", Some((start, at(9))));
        assert_eq!(read(&mut reader), [Delivery::Gap(start, at(9))]);
        hub.confirmed("c", Some((start, at(9))));
        assert_eq!(read(&mut reader), [], "it was never held");

        for key in ["a", "b", "c"] {
            hub.lost(key, at(10), now());
        }
        for key in ["a", "b", "c"] {
            hub.refused(key);
        }
        assert_eq!(read(&mut reader), []);
        assert!(!reader.is_live() && reader.interrupted_since().is_some());
        hub.end();
        assert!(matches!(read(&mut reader)[..], [Delivery::Gap(since, _)] if since == at(10)));
    }

    #[test]
    fn what_an_inquiry_finds_lost_is_one_gap() {
        let hub = TestHub::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut reader = hub.subscribe(vec!["a", "b", "c"], QueueConfig::default());
        for key in ["a", "b", "c"] {
            hub.confirmed(key, None);
            hub.asked(key);
        }
        assert!(reader.is_live(), "it is held as far as known");
        hub.confirmed("a", Some((at(1), at(5))));
        assert!(!reader.is_live());
        hub.publish("a", &1);
        hub.confirmed("b", Some((start, at(6))));
        hub.confirmed("c", None);
        let told = [Delivery::Frame(1), Delivery::Gap(start, at(6))];
        assert_eq!(read(&mut reader), told);
        assert!(reader.is_live());
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_never_comes_back_holds_the_gap_up_for_a_minute() {
        let hub = TestHub::default();
        let start = now();
        let mut reader = hub.subscribe(vec!["a", "b"], QueueConfig::default());
        for key in ["a", "b"] {
            hub.confirmed(key, None);
        }
        for key in ["a", "b"] {
            hub.lost(key, start, now());
        }
        hub.confirmed("a", Some((start, now())));
        tokio::time::advance(Duration::from_secs(59)).await;
        hub.publish("a", &1);
        tokio::time::advance(Duration::from_secs(1)).await;
        let first_end = now();
        hub.publish("a", &2);
        hub.publish("a", &3);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!reader.is_live());
        hub.confirmed("b", Some((start, now())));
        assert_eq!(
            read(&mut reader),
            [
                Delivery::Frame(1),
                Delivery::Gap(start, first_end),
                Delivery::Frame(2),
                Delivery::Frame(3),
                Delivery::Gap(first_end, now()),
            ]
        );
        assert!(reader.is_live());
    }

    #[test]
    fn a_reader_that_resumes_has_missed_what_came_since_the_other_one_ended() {
        let hub = TestHub::default();
        let mut reader = hub.resume(
            vec!["a", "b"],
            QueueConfig::default(),
            false,
            Timestamp::now(),
        );
        assert!(!reader.is_live() && reader.interrupted_since().is_some());
        hub.confirmed("a", None);
        hub.publish("a", &1);
        hub.confirmed("b", None);
        hub.publish("a", &2);
        let read = read(&mut reader);
        assert!(
            matches!(
                read[..],
                [Delivery::Frame(1), Delivery::Gap(since, until), Delivery::Frame(2)] if since <= until
            ),
            "{read:?}"
        );
    }

    /// What may happen to the keys of some readers.
    #[derive(Clone, Debug)]
    enum Step {
        /// The link is lost: everything that it held.
        Lose,
        Confirm(usize),
        Refuse(usize),
        Publish(usize),
    }

    const KEYS: [&str; 3] = ["a", "b", "c"];

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            1 => Just(Step::Lose),
            5 => (0..KEYS.len()).prop_map(Step::Confirm),
            1 => (0..KEYS.len()).prop_map(Step::Refuse),
            3 => (0..KEYS.len()).prop_map(Step::Publish),
        ];
        proptest::collection::vec(step, 0..80)
    }

    /// What a reader of all keys should be told.
    #[derive(Default)]
    struct Expected {
        /// Of each key: since when it has not been held, if it was before.
        lost: [Option<Instant>; KEYS.len()],
        waits_for: [bool; KEYS.len()],
        gap: Option<(Instant, Option<Instant>)>,
        told: Vec<Delivery<u32>>,
    }

    impl Expected {
        fn close(&mut self) {
            if !self.waits_for.contains(&true)
                && let Some((since, Some(until))) = self.gap
            {
                self.told.push(Delivery::Gap(since, until));
                self.gap = None;
            }
        }
    }

    proptest! {
        #[test]
        fn one_outage_is_one_gap_from_the_first_loss_to_the_last_confirmation(steps in steps()) {
            let hub = TestHub::default();
            let mut reader = hub.subscribe(KEYS.to_vec(), QueueConfig::default());
            let mut observer = hub.observe(KEYS.to_vec(), QueueConfig::default());
            let mut keyless = hub.observe(Vec::new(), QueueConfig::default());
            let mut held = [true; KEYS.len()];
            for key in KEYS {
                hub.confirmed(key, None);
            }
            let mut expected = Expected::default();
            let mut time = now();
            for (number, step) in (0..).zip(steps) {
                time += Duration::from_secs(2);
                let since = time.checked_sub(Duration::from_secs(1)).unwrap();
                match step {
                    Step::Lose => for (index, key) in KEYS.iter().enumerate() {
                        if std::mem::take(&mut held[index]) {
                            let first = *expected.lost[index].get_or_insert(since);
                            expected.waits_for[index] = true;
                            let (begin, _) = expected.gap.unwrap_or((first, None));
                            expected.gap = Some((begin.min(first), None));
                            hub.lost(key, since, time);
                        }
                    },
                    Step::Confirm(index) => if !std::mem::replace(&mut held[index], true) {
                        let gap = expected.lost[index].take().map(|since| (since, time));
                        expected.waits_for[index] = false;
                        if let Some((since, until)) = gap {
                            let (begin, _) = expected.gap.unwrap_or((since, None));
                            expected.gap = Some((begin.min(since), Some(until)));
                        }
                        hub.confirmed(KEYS[index], gap);
                        expected.close();
                    },
                    Step::Refuse(index) => if !held[index] {
                        expected.waits_for[index] = false;
                        hub.refused(KEYS[index]);
                        expected.close();
                    },
                    Step::Publish(index) => {
                        expected.told.push(Delivery::Frame(number));
                        hub.publish(KEYS[index], &number);
                    }
                }
                for stream in [&reader, &observer, &keyless] {
                    prop_assert_eq!(stream.interrupted_since().is_some(), expected.gap.is_some());
                }
                let is_live = expected.gap.is_none() && held.contains(&true);
                prop_assert_eq!(reader.is_live(), is_live);
                prop_assert_eq!(observer.is_live(), is_live);
            }
            for stream in [&mut reader, &mut observer, &mut keyless] {
                prop_assert_eq!(&read(stream), &expected.told);
            }
        }
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
