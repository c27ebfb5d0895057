use crate::missed::{Missed, Overflow};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// How one subscriber's queue is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueConfig {
    /// How many events may wait. 1,024 by default: seconds of a busy server, and a few megabytes at the very most.
    pub capacity: usize,
    /// What happens when it is full.
    pub overflow: Overflow,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            capacity: 1_024,
            overflow: Overflow::DropOldest,
        }
    }
}

impl QueueConfig {
    /// A queue of this capacity (at least one) with the default overflow rule.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            ..Self::default()
        }
    }
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
    reader: Option<Waker>,
    ended: bool,
}

impl<F> Queue<F> {
    pub(crate) fn new(config: QueueConfig) -> Arc<Self> {
        Arc::new(Self {
            config,
            inner: Mutex::new(Inner {
                lagged: 0,
                evicted_gap: None,
                slots: VecDeque::new(),
                reader: None,
                ended: false,
            }),
        })
    }

    pub(crate) fn push(&self, frame: F) {
        let mut inner = self.lock();
        if inner.ended {
            return;
        }
        if inner.slots.len() < self.config.capacity {
            inner.slots.push_back(Delivery::Frame(frame));
        } else {
            match self.config.overflow {
                Overflow::DropOldest => {
                    inner.evict_oldest();
                    inner.slots.push_back(Delivery::Frame(frame));
                }
                Overflow::DropNewest => inner.count_dropped_newest(),
                Overflow::End => {
                    inner.count_dropped_newest();
                    inner.ended = true;
                }
            }
        }
        inner.wake();
    }

    pub(crate) fn push_gap(&self, since: Instant, until: Instant) {
        let mut inner = self.lock();
        if inner.ended {
            return;
        }
        // The keys of one stream come back one after the other, perhaps on several connections by turns: that is one gap
        // for each connection, not one for each key.
        let mut trailing = inner.slots.iter_mut().rev().map_while(|slot| match slot {
            Delivery::Gap(from, to) => Some((from, to)),
            _ => None,
        });
        match trailing.find(|(from, _)| **from == since) {
            Some((_, to)) => *to = until.max(*to),
            None => inner.slots.push_back(Delivery::Gap(since, until)),
        }
        // Events make room for gaps, not the other way round, so the bound holds with gaps merged.
        while inner.slots.len() > self.config.capacity {
            inner.evict_oldest();
        }
        inner.wake();
    }

    /// Ends the stream once it has been read to its end.
    pub(crate) fn end(&self) {
        let mut inner = self.lock();
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

    fn lock(&self) -> MutexGuard<'_, Inner<F>> {
        // Nothing in here can panic half-way, so a poisoned queue is still whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Inner<F> {
    fn pop(&mut self) -> Option<Delivery<F>> {
        if self.lagged > 0 {
            return Some(Delivery::Lagged(std::mem::take(&mut self.lagged)));
        }
        if let Some((since, until)) = self.evicted_gap.take() {
            return Some(Delivery::Gap(since, until));
        }
        self.slots.pop_front()
    }

    fn evict_oldest(&mut self) {
        match self.slots.pop_front() {
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

    fn poll<F>(queue: &Queue<F>) -> Poll<Option<Delivery<F>>> {
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
            overflow in overflow(),
            steps in proptest::collection::vec(
                prop_oneof![5 => Just(Step::Push), 1 => Just(Step::Gap), 3 => Just(Step::Pop)], 0..120),
        ) {
            let start = Instant::now();
            let queue = Queue::new(QueueConfig { capacity, overflow });
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
                        ended |= overflow == Overflow::End && queue.lock().slots.len() >= capacity;
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
                prop_assert!(queue.lock().slots.len() <= capacity + 1, "bounded");
            }
            while check(poll(&queue)) {}
            prop_assert_eq!(expected, pushed);
            if !ended && gaps > 0 {
                prop_assert_eq!(last_gap_end, start + Duration::from_secs(gaps * 2 + 1), "no gap is lost");
            }
        }
    }

    #[test]
    fn gaps_of_two_connections_that_come_by_turns_are_two() {
        let start = Instant::now();
        let queue = Queue::<()>::new(QueueConfig::default());
        let later = |seconds| start + Duration::from_secs(seconds);
        for second in 3..7 {
            queue.push_gap(later(second % 2), later(second));
        }
        assert_eq!(
            poll(&queue),
            Poll::Ready(Some(Delivery::Gap(later(1), later(5))))
        );
        assert_eq!(
            poll(&queue),
            Poll::Ready(Some(Delivery::Gap(later(0), later(6))))
        );
        assert_eq!(poll(&queue), Poll::Pending);
    }

    #[test]
    fn gaps_of_one_outage_are_one_gap() {
        let start = Instant::now();
        let queue = Queue::<()>::new(QueueConfig::default());
        let later = |seconds| start + Duration::from_secs(seconds);
        queue.push_gap(start, later(3));
        queue.push_gap(start, later(5));
        assert_eq!(
            poll(&queue),
            Poll::Ready(Some(Delivery::Gap(start, later(5))))
        );
        assert_eq!(poll(&queue), Poll::Pending);
    }
}
