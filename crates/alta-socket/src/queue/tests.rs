use super::*;
use proptest::prelude::*;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Push,
    Gap,
    Pop,
}

/// The number of a test event is its size, too.
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
    fn push(&self, frame: F) -> bool {
        let mut pushing = self.pushing();
        pushing.push(frame);
        pushing.end()
    }

    /// Loses one subscription and confirms it at once.
    fn push_gap(&self, since: Instant, until: Instant) {
        self.outage(|outage| outage.ends(since, until));
    }
}

fn poll<F: Footprint>(
    queue: &Queue<F>,
    taken: &mut VecDeque<Delivery<F>>,
) -> Poll<Option<Delivery<F>>> {
    queue.poll_pop(taken, &mut Context::from_waker(Waker::noop()))
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
    fn every_event_is_yielded_in_order_or_counted_at_its_place(
        capacity in prop_oneof![1_usize..6, 16_usize..100],
        bytes in prop_oneof![Just(usize::MAX), 0_usize..400, 1_000_usize..4_000],
        overflow in overflow(),
        steps in proptest::collection::vec(
            prop_oneof![5 => Just(Step::Push), 1 => Just(Step::Gap), 3 => Just(Step::Pop)], 0..120),
    ) {
        let start = Instant::now();
        let queue = Queue::new(QueueConfig { capacity, bytes, overflow });
        let mut taken = VecDeque::new();
        let (mut pushed, mut gaps) = (0_u64, 0_u64);
        // The number of the next expected event.
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
                    // An event after the end of the stream is in no queue.
                    if !ended || queue.lock().slots.back() == Some(&Delivery::Lagged(1)) { pushed += 1; }
                    if ended { break; }
                }
                Step::Gap => {
                    gaps += 1;
                    let at = start + Duration::from_secs(gaps * 2);
                    queue.push_gap(at, at + Duration::from_secs(1));
                }
                Step::Pop => { check(poll(&queue, &mut taken)); }
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
        while check(poll(&queue, &mut taken)) {}
        prop_assert_eq!(expected, pushed);
        if !ended && gaps > 0 {
            prop_assert_eq!(last_gap_end, start + Duration::from_secs(gaps * 2 + 1), "no gap is lost");
        }
    }
}

#[test]
fn a_queue_is_bounded_in_bytes_too_and_an_empty_one_takes_any_event() {
    let queue = Queue::new(QueueConfig::default().bytes(100));
    for size in [99, 40, 50, 60] {
        queue.push(size);
    }
    let mut taken = VecDeque::new();
    let delivered: Vec<_> = std::iter::from_fn(|| match poll(&queue, &mut taken) {
        Poll::Ready(delivery) => delivery,
        Poll::Pending => None,
    })
    .collect();
    assert_eq!(delivered, [Delivery::Lagged(3), Delivery::Frame(60_u64)]);
    let small = Queue::new(QueueConfig::default().bytes(1));
    small.push(99_u64);
    assert_eq!(
        poll(&small, &mut taken),
        Poll::Ready(Some(Delivery::Frame(99)))
    );
}

#[test]
fn only_a_stream_that_is_read_asks_for_pauses_and_only_while_its_queue_fills() {
    let queue = Queue::new(QueueConfig::new(100));
    let mut taken = VecDeque::new();
    assert!((0..1_000_u32).all(|number| !queue.push(number)));
    while poll(&queue, &mut taken).is_ready() {}
    for number in 0..10_000 {
        assert!(!queue.push(number));
        assert!(poll(&queue, &mut taken).is_ready());
    }
    let pauses = (0..1_000).filter(|number| queue.push(*number)).count();
    assert_eq!(pauses, PAUSES);
}

#[test]
fn an_empty_queue_frees_its_memory() {
    let queue = Queue::new(QueueConfig::default());
    let mut taken = VecDeque::new();
    for number in 0..10_000_u32 {
        queue.push(number);
    }
    while poll(&queue, &mut taken).is_ready() {}
    assert!(queue.lock().slots.capacity() <= KEPT_ROOM);
    assert_eq!(taken.capacity(), 0);
}

#[test]
fn a_queue_of_capacity_zero_holds_one_event() {
    let config = QueueConfig {
        capacity: 0,
        ..QueueConfig::default()
    };
    let queue = Queue::new(config);
    let mut taken = VecDeque::new();
    queue.push(1_u32);
    queue.push(2);
    assert_eq!(
        poll(&queue, &mut taken),
        Poll::Ready(Some(Delivery::Lagged(1)))
    );
    assert_eq!(
        poll(&queue, &mut taken),
        Poll::Ready(Some(Delivery::Frame(2)))
    );
}
