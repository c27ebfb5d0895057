use crate::missed::{Missed, Overflow};
use crate::outage::Outage;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Minutes of a busy server's events: a reader that is further behind does not catch up.
const EVENTS: usize = 65_536;

/// Room for several of the largest events known, and little enough for a hundred streams that nobody reads.
const BYTES: usize = 8 * 1024 * 1024;

/// With room for more events than this, an empty queue gives its memory back.
const KEPT_ROOM: usize = 256;

/// How one subscriber's queue is bounded: by the number of its events and by their size, whichever is reached first.
///
/// A queue holds memory only for what waits in it. At its fullest it holds about [`bytes`](Self#structfield.bytes), or one
/// event if that is larger: the newest always has room in an empty queue. Streams that wait with the same event share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueConfig {
    /// How many events may wait. 65,536 by default: minutes of a busy server.
    pub capacity: usize,
    /// How many bytes they may hold. 8 MiB by default: more than any event known is large.
    pub bytes: usize,
    /// What happens when it is full.
    pub overflow: Overflow,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            capacity: EVENTS,
            bytes: BYTES,
            overflow: Overflow::DropOldest,
        }
    }
}

impl QueueConfig {
    /// A queue of this capacity (at least one) with the default bound in bytes and overflow rule.
    pub fn new(capacity: usize) -> Self {
        Self::default().capacity(capacity)
    }

    /// With another number of events that may wait; at least one.
    #[must_use]
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = events.max(1);
        self
    }

    /// With another number of bytes that they may hold.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// With another rule for what happens when it is full.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }
}

/// What waits in a queue and counts against its bound in bytes.
pub trait Footprint {
    /// About how many bytes it holds, itself included.
    fn footprint(&self) -> usize;
}

/// What a queue hands to its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery<F> {
    /// An event.
    Frame(F),
    /// So many events were dropped here.
    Lagged(u64),
    /// Between these two moments nothing could be seen.
    Gap(Instant, Instant),
}

impl<F> Delivery<F> {
    /// The event, or why there is none.
    ///
    /// # Errors
    ///
    /// [`Missed::Lagged`] or [`Missed::Gap`], with the times of the system's clock.
    pub fn into_result(self) -> Result<F, Missed> {
        match self {
            Delivery::Frame(frame) => Ok(frame),
            Delivery::Lagged(count) => Err(Missed::Lagged(count)),
            Delivery::Gap(since, until) => Err(Missed::gap(since, until)),
        }
    }
}

/// One subscriber's bounded queue: the hub pushes, one reader polls.
///
/// Pushing never waits: that is what keeps a slow reader from stopping the socket.
#[derive(Debug)]
pub(crate) struct Queue<F> {
    config: QueueConfig,
    inner: Mutex<Inner<F>>,
}

#[derive(Debug)]
struct Inner<F> {
    /// What was evicted from the front and not yet reported.
    lagged: u64,
    /// A gap that stood among what was evicted: it is never lost, only merged.
    evicted_gap: Option<(Instant, Instant)>,
    slots: VecDeque<Delivery<F>>,
    /// What the events in the slots hold.
    bytes: usize,
    outage: Outage,
    reader: Option<Waker>,
    ended: bool,
}

impl<F: Footprint> Queue<F> {
    pub(crate) fn new(config: QueueConfig) -> Arc<Self> {
        Arc::new(Self {
            config,
            inner: Mutex::new(Inner {
                lagged: 0,
                evicted_gap: None,
                slots: VecDeque::new(),
                bytes: 0,
                outage: Outage::default(),
                reader: None,
                ended: false,
            }),
        })
    }

    pub(crate) fn push(&self, frame: F) {
        let size = frame.footprint();
        let mut inner = self.lock();
        if inner.ended {
            return;
        }
        if inner.outage.is_partly_over()
            && let Some(gap) = inner.outage.overdue(now())
        {
            inner.put_gap(gap, self.config);
        }
        if !inner.has_room(size, self.config) && self.config.overflow != Overflow::DropOldest {
            inner.count_dropped_newest();
            inner.ended = self.config.overflow == Overflow::End;
        } else {
            while !inner.has_room(size, self.config) {
                inner.evict_oldest();
            }
            inner.bytes += size;
            inner.slots.push_back(Delivery::Frame(frame));
        }
        inner.wake();
    }

    /// Changes what is known of the stream's subscriptions. If that ends a gap, the gap is put in the queue.
    pub(crate) fn outage<T>(&self, change: impl FnOnce(&mut Outage) -> T) -> T {
        let mut inner = self.lock();
        let changed = change(&mut inner.outage);
        if let Some(gap) = inner.outage.closed()
            && !inner.ended
        {
            inner.put_gap(gap, self.config);
            inner.wake();
        }
        changed
    }

    /// Ends the stream once it has been read to its end, with the gap that it is in.
    pub(crate) fn end(&self) {
        let mut inner = self.lock();
        if inner.ended {
            return;
        }
        if let Some(gap) = inner.outage.end(now()) {
            inner.put_gap(gap, self.config);
        }
        inner.ended = true;
        inner.wake();
    }

    pub(crate) fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<Option<Delivery<F>>> {
        let mut inner = self.lock();
        if let Some(delivery) = inner.pop() {
            return Poll::Ready(Some(delivery));
        }
        if inner.ended {
            return Poll::Ready(None);
        }
        match &mut inner.reader {
            Some(waker) => waker.clone_from(cx.waker()),
            empty => *empty = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    pub(crate) fn len(&self) -> usize {
        let inner = self.lock();
        inner.slots.len() + usize::from(inner.lagged > 0) + usize::from(inner.evicted_gap.is_some())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    fn lock(&self) -> MutexGuard<'_, Inner<F>> {
        // Nothing in here can panic half-way, so a poisoned queue is still whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Footprint> Inner<F> {
    /// Whether one more event fits. One always does in an empty queue, whatever its size.
    fn has_room(&self, size: usize, config: QueueConfig) -> bool {
        let fits = self.bytes == 0 || self.bytes.saturating_add(size) <= config.bytes;
        self.slots.len() < config.capacity.max(1) && fits
    }

    fn pop(&mut self) -> Option<Delivery<F>> {
        if self.lagged > 0 {
            return Some(Delivery::Lagged(std::mem::take(&mut self.lagged)));
        }
        if let Some((since, until)) = self.evicted_gap.take() {
            return Some(Delivery::Gap(since, until));
        }
        self.take_oldest()
    }

    fn take_oldest(&mut self) -> Option<Delivery<F>> {
        let oldest = self.slots.pop_front()?;
        if let Delivery::Frame(frame) = &oldest {
            self.bytes = self.bytes.saturating_sub(frame.footprint());
        }
        if self.slots.is_empty() && self.slots.capacity() > KEPT_ROOM {
            self.slots = VecDeque::new();
        }
        Some(oldest)
    }

    fn put_gap(&mut self, (since, until): (Instant, Instant), config: QueueConfig) {
        self.slots.push_back(Delivery::Gap(since, until));
        // Events make room for gaps, not the other way round, so the bound holds with gaps merged.
        while self.slots.len() > config.capacity.max(1) {
            self.evict_oldest();
        }
    }

    fn evict_oldest(&mut self) {
        match self.take_oldest() {
            Some(Delivery::Frame(_)) => self.lagged += 1,
            Some(Delivery::Lagged(count)) => self.lagged += count,
            Some(Delivery::Gap(since, until)) => {
                let (from, to) = self.evicted_gap.unwrap_or((since, until));
                self.evicted_gap = Some((from.min(since), to.max(until)));
            }
            None => {}
        }
    }

    fn count_dropped_newest(&mut self) {
        match self.slots.back_mut() {
            Some(Delivery::Lagged(count)) => *count += 1,
            _ => self.slots.push_back(Delivery::Lagged(1)),
        }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// On the clock that tasks wait by.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[derive(Clone, Debug)]
    enum Step {
        Push,
        Gap,
        Pop,
    }

    /// Events of a test are as large as they say.
    impl Footprint for u64 {
        fn footprint(&self) -> usize {
            usize::try_from(*self).unwrap() % 100
        }
    }

    impl Footprint for u32 {
        fn footprint(&self) -> usize {
            size_of::<Self>()
        }
    }

    impl<F: Footprint> Queue<F> {
        /// One subscription is lost, and back at once.
        fn push_gap(&self, since: Instant, until: Instant) {
            self.outage(|outage| outage.ends(since, until));
        }
    }

    fn poll<F: Footprint>(queue: &Queue<F>) -> Poll<Option<Delivery<F>>> {
        queue.poll_pop(&mut Context::from_waker(Waker::noop()))
    }

    fn overflow() -> impl Strategy<Value = Overflow> {
        prop_oneof![
            Just(Overflow::DropOldest),
            Just(Overflow::DropNewest),
            Just(Overflow::End)
        ]
    }

    proptest! {
        #[test]
        fn every_event_arrives_in_order_or_is_counted_where_it_is_missing(
            capacity in 1_usize..6,
            bytes in prop_oneof![Just(usize::MAX), 0_usize..400],
            overflow in overflow(),
            steps in proptest::collection::vec(
                prop_oneof![5 => Just(Step::Push), 1 => Just(Step::Gap), 3 => Just(Step::Pop)], 0..120),
        ) {
            let start = Instant::now();
            let queue = Queue::new(QueueConfig { capacity, bytes, overflow });
            let (mut pushed, mut gaps) = (0_u64, 0_u64);
            // The number of the event that must come next.
            let (mut expected, mut last_gap_end) = (0_u64, start);
            let mut ended = false;
            let mut check = |delivery: Poll<Option<Delivery<u64>>>| match delivery {
                Poll::Ready(Some(Delivery::Frame(number))) => { assert_eq!(number, expected); expected += 1; true }
                Poll::Ready(Some(Delivery::Lagged(count))) => { assert!(count > 0); expected += count; true }
                Poll::Ready(Some(Delivery::Gap(since, until))) => {
                    assert!(since < until);
                    last_gap_end = last_gap_end.max(until);
                    true
                }
                Poll::Ready(None) | Poll::Pending => false,
            };
            for step in steps {
                match step {
                    Step::Push => {
                        let size = pushed.footprint();
                        ended |= overflow == Overflow::End && !queue.lock().has_room(size, queue.config);
                        queue.push(pushed);
                        // What comes after the end of a stream is nobody's any more.
                        if !ended || queue.lock().slots.back() == Some(&Delivery::Lagged(1)) { pushed += 1; }
                        if ended { break; }
                    }
                    Step::Gap => {
                        gaps += 1;
                        let at = start + Duration::from_secs(gaps * 2);
                        queue.push_gap(at, at + Duration::from_secs(1));
                    }
                    Step::Pop => { check(poll(&queue)); }
                }
                let inner = queue.lock();
                prop_assert!(inner.slots.len() <= capacity + 1, "bounded");
                let frames = inner.slots.iter().filter_map(|slot| match slot {
                    Delivery::Frame(frame) => Some(frame.footprint()),
                    _ => None,
                });
                let sizes: Vec<_> = frames.collect();
                let held: usize = sizes.iter().sum();
                prop_assert_eq!(inner.bytes, held);
                let is_one = sizes.iter().filter(|size| **size > 0).count() <= 1;
                prop_assert!(held <= bytes || is_one, "bounded in bytes");
            }
            while check(poll(&queue)) {}
            prop_assert_eq!(expected, pushed);
            if !ended && gaps > 0 {
                prop_assert_eq!(last_gap_end, start + Duration::from_secs(gaps * 2 + 1), "no gap is lost");
            }
        }
    }

    #[test]
    fn a_queue_is_bounded_by_the_size_of_its_events_too_and_one_has_always_room() {
        let queue = Queue::new(QueueConfig::default().bytes(100));
        for size in [99, 40, 50, 60] {
            queue.push(size);
        }
        let delivered: Vec<_> = std::iter::from_fn(|| match poll(&queue) {
            Poll::Ready(delivery) => delivery,
            Poll::Pending => None,
        })
        .collect();
        assert_eq!(delivered, [Delivery::Lagged(3), Delivery::Frame(60_u64)]);
        let small = Queue::new(QueueConfig::default().bytes(1));
        small.push(99_u64);
        assert_eq!(poll(&small), Poll::Ready(Some(Delivery::Frame(99))));
    }

    #[test]
    fn an_empty_queue_holds_no_room_for_many() {
        let queue = Queue::new(QueueConfig::default());
        for number in 0..10_000_u32 {
            queue.push(number);
        }
        while poll(&queue).is_ready() {}
        assert!(queue.lock().slots.capacity() <= KEPT_ROOM);
    }

    #[test]
    fn a_queue_for_no_event_holds_one() {
        let config = QueueConfig {
            capacity: 0,
            ..QueueConfig::default()
        };
        let queue = Queue::new(config);
        queue.push(1_u32);
        queue.push(2);
        assert_eq!(poll(&queue), Poll::Ready(Some(Delivery::Lagged(1))));
        assert_eq!(poll(&queue), Poll::Ready(Some(Delivery::Frame(2))));
    }
}
