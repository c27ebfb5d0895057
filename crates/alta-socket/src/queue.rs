use crate::missed::{Missed, Overflow};
use crate::outage::Outage;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Minutes of a busy server's events: a program that is further behind does not catch up.
const EVENTS: usize = 65_536;

/// Several of the largest known events, and little enough for a hundred streams that are not read.
const BYTES: usize = 8 * 1024 * 1024;

/// An empty queue of a larger capacity frees its memory.
const KEPT_ROOM: usize = 256;

/// The number of events that a stream reads for each pause that it causes. A stream that reads fewer than some thousand events a
/// second hardly delays the others.
const READS_FOR_PAUSE: usize = 64;

/// The most pauses that a stream causes without reading. They cover the time for which a busy machine stops a thread. A stream
/// that is no longer read delays the others by this many pauses in all.
const PAUSES: usize = 32;

/// A stream takes all items out of its queue at once, if they are at most this part of its bounds.
const TAKEN_PART: usize = 16;

/// The bounds of the queue of one stream: the number of its events and their bytes, whichever is reached first.
///
/// A queue holds memory only for its events: at most about [`bytes`](Self#structfield.bytes), or one event if that is larger,
/// since an empty queue takes any event. A stream takes a sixteenth of that out of the queue at once. Queues that hold the same
/// event share its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueConfig {
    /// The most events in the queue. 65,536 by default: minutes of a busy server.
    pub capacity: usize,
    /// The most bytes of these events. 8 MiB by default: more than the largest known event.
    pub bytes: usize,
    /// The rule for a full queue.
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

    /// With another number of events; at least one.
    #[must_use]
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = events.max(1);
        self
    }

    /// With another number of bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// With another rule for a full queue.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }
}

/// The size of an event, which counts against the bound of a queue in bytes.
pub trait Footprint {
    /// About the number of bytes that it holds, including itself.
    fn footprint(&self) -> usize;
}

/// An item of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery<F> {
    /// An event.
    Frame(F),
    /// This number of events were dropped here.
    Lagged(u64),
    /// No event could arrive between these two instants.
    Gap(Instant, Instant),
}

impl<F> Delivery<F> {
    /// The event, or the miss.
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

/// The bounded queue of one stream: the hub pushes, the stream pops.
///
/// A push never waits, so a slow stream does not stop the socket.
#[derive(Debug)]
pub(crate) struct Queue<F> {
    config: QueueConfig,
    inner: Mutex<Inner<F>>,
}

#[derive(Debug)]
struct Inner<F> {
    /// The number of events that were dropped at the front and are not reported yet.
    lagged: u64,
    /// The gaps that were dropped with them, merged: a gap is never lost.
    evicted_gap: Option<(Instant, Instant)>,
    slots: VecDeque<Delivery<F>>,
    /// The bytes of the events in the slots.
    bytes: usize,
    outage: Outage,
    reader: Option<Waker>,
    /// The read events that count for pauses.
    reads: usize,
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
                reads: 0,
                ended: false,
            }),
        })
    }

    /// Locks the queue to push events.
    pub(crate) fn pushing(&self) -> Pushing<'_, F> {
        Pushing {
            queue: self,
            inner: self.lock(),
        }
    }

    /// Changes the outage of the stream. If a gap ends by that, it is put into the queue.
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

    /// Ends the stream after its last item; an open outage becomes that item.
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

    /// Returns the next item of those in `taken`, or else of the queue. Then it moves the other items of the queue to `taken`, if
    /// they are few: the following calls need no lock.
    pub(crate) fn poll_pop(
        &self,
        taken: &mut VecDeque<Delivery<F>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Delivery<F>>> {
        if let Some(delivery) = taken.pop_front() {
            return Poll::Ready(Some(delivery));
        }
        let mut inner = self.lock();
        if let Some(delivery) = inner.pop() {
            inner.take_all(taken, self.config);
            return Poll::Ready(Some(delivery));
        }
        inner.keep_room(taken);
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

/// A queue that is locked to push events.
pub(crate) struct Pushing<'a, F> {
    queue: &'a Queue<F>,
    inner: MutexGuard<'a, Inner<F>>,
}

impl<F: Footprint> Pushing<'_, F> {
    pub(crate) fn is_of(&self, queue: &Queue<F>) -> bool {
        std::ptr::eq(self.queue, queue)
    }

    /// Adds an event; at overflow, drops events and counts them.
    pub(crate) fn push(&mut self, frame: F) {
        let (size, config) = (frame.footprint(), self.queue.config);
        let inner = &mut *self.inner;
        if inner.ended {
            return;
        }
        if inner.outage.is_partly_over()
            && let Some(gap) = inner.outage.overdue(now())
        {
            inner.put_gap(gap, config);
        }
        if !inner.has_room(size, config) && config.overflow != Overflow::DropOldest {
            inner.count_dropped_newest();
            inner.ended = config.overflow == Overflow::End;
        } else {
            while !inner.has_room(size, config) {
                inner.evict_oldest();
            }
            inner.bytes += size;
            inner.slots.push_back(Delivery::Frame(frame));
        }
    }

    /// Unlocks the queue, and wakes its stream. Returns true if the stream requests a pause: it is being read, but its queue
    /// fills.
    pub(crate) fn end(mut self) -> bool {
        self.inner.wake();
        self.inner.asks_for_pause(self.queue.config)
    }
}

impl<F: Footprint> Inner<F> {
    /// Returns whether one more event fits. An empty queue takes any event.
    fn has_room(&self, size: usize, config: QueueConfig) -> bool {
        let fits = self.bytes == 0 || self.bytes.saturating_add(size) <= config.bytes;
        self.slots.len() < config.capacity.max(1) && fits
    }

    fn asks_for_pause(&mut self, config: QueueConfig) -> bool {
        let is_filling = self.slots.len() > config.capacity / 4 || self.bytes > config.bytes / 4;
        let asks = is_filling && self.reads >= READS_FOR_PAUSE;
        if asks {
            self.reads -= READS_FOR_PAUSE;
        }
        asks
    }

    fn pop(&mut self) -> Option<Delivery<F>> {
        if self.lagged > 0 {
            return Some(Delivery::Lagged(std::mem::take(&mut self.lagged)));
        }
        if let Some((since, until)) = self.evicted_gap.take() {
            return Some(Delivery::Gap(since, until));
        }
        let oldest = self.take_oldest()?;
        self.count_reads(1);
        Some(oldest)
    }

    /// Moves all items at once, if they are few and no dropped gap precedes them.
    fn take_all(&mut self, into: &mut VecDeque<Delivery<F>>, config: QueueConfig) {
        let are_few = self.slots.len() <= config.capacity / TAKEN_PART
            && self.bytes <= config.bytes / TAKEN_PART;
        if are_few && self.evicted_gap.is_none() {
            std::mem::swap(&mut self.slots, into);
            self.bytes = 0;
            self.count_reads(into.len());
        }
    }

    fn count_reads(&mut self, count: usize) {
        self.reads = (self.reads + count).min(PAUSES * READS_FOR_PAUSE);
    }

    fn take_oldest(&mut self) -> Option<Delivery<F>> {
        let oldest = self.slots.pop_front()?;
        if let Delivery::Frame(frame) = &oldest {
            self.bytes = self.bytes.saturating_sub(frame.footprint());
        }
        self.free_room();
        Some(oldest)
    }

    /// Keeps the memory of one of the two empty lists, for the next items.
    fn keep_room(&mut self, taken: &mut VecDeque<Delivery<F>>) {
        let other = std::mem::take(taken);
        if other.capacity() > self.slots.capacity() {
            self.slots = other;
            self.free_room();
        }
    }

    fn free_room(&mut self) {
        if self.slots.is_empty() && self.slots.capacity() > KEPT_ROOM {
            self.slots = VecDeque::new();
        }
    }

    fn put_gap(&mut self, (since, until): (Instant, Instant), config: QueueConfig) {
        self.slots.push_back(Delivery::Gap(since, until));
        // A gap displaces events, not the other way round. Dropped gaps are merged, so the bound holds.
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

/// The time of tokio's clock, which tests can pause.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests;
