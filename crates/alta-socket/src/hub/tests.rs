use super::*;
use crate::missed::Overflow;
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
fn a_slow_stream_delays_no_other_stream_and_costs_it_no_event() {
    let hub = TestHub::default();
    let mut slow = hub.subscribe(vec!["a"], QueueConfig::new(2));
    let mut quick = hub.subscribe(vec!["a"], QueueConfig::default());
    for number in 0..5 {
        assert_eq!(hub.publish("a", number), 2);
    }
    assert_eq!(
        read(&mut slow),
        [Delivery::Lagged(3), Delivery::Frame(3), Delivery::Frame(4)]
    );
    assert_eq!(read(&mut quick).len(), 5);
}

#[test]
fn a_key_is_wanted_exactly_while_a_stream_wants_it() {
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
fn an_observer_yields_every_frame_once_also_of_unknown_keys() {
    let hub = TestHub::default();
    let mut observer = hub.observe(vec!["a", "b"], QueueConfig::default());
    hub.publish("a", 1);
    hub.publish("unknown", 2);
    assert_eq!(
        read(&mut observer),
        [Delivery::Frame(1), Delivery::Frame(2)]
    );
    assert!(hub.is_wanted("a"));
    drop(observer);
    assert!(!hub.is_wanted("a"));
}

#[test]
fn a_frame_for_all_streams_reaches_each_once() {
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
fn only_streams_that_existed_before_the_loss_yield_the_gap() {
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
fn a_stream_that_began_after_a_gap_does_not_yield_it() {
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
fn an_observer_yields_the_gaps_of_its_own_keys_if_it_existed_before_the_loss() {
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
fn an_observer_without_keys_yields_every_gap_that_was_noticed_after_it_began() {
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
    // It began after the loss was noticed.
    late.queue.outage(|outage| assert!(outage.is_live()));
    hub.confirmed("a", Some((start, at(3))));
    assert!(!everything.is_live());
    hub.publish("a", 1);
    hub.confirmed("b", Some((start, at(4))));
    let told = [Delivery::Frame(1), Delivery::Gap(start, at(4))];
    assert_eq!(read(&mut everything), told);
    assert!(everything.is_live());

    hub.lost("a", at(5), start);
    hub.confirmed("a", Some((at(5), at(6))));
    assert_eq!(
        read(&mut everything),
        [],
        "the loss was noticed before the observer began"
    );
}

#[test]
fn a_refused_key_delays_no_gap_and_its_late_confirmation_is_a_gap() {
    let hub = TestHub::default();
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut reader = hub.subscribe(vec!["a", "b", "c"], QueueConfig::default());
    hub.refused("c");
    for key in ["a", "b"] {
        hub.confirmed(key, None);
    }
    assert!(reader.is_live(), "a refused key is not counted");
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
fn keys_that_a_request_finds_lost_are_one_gap() {
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
    hub.publish("a", 1);
    hub.confirmed("b", Some((start, at(6))));
    hub.confirmed("c", None);
    let told = [Delivery::Frame(1), Delivery::Gap(start, at(6))];
    assert_eq!(read(&mut reader), told);
    assert!(reader.is_live());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_never_confirmed_delays_the_gap_for_a_minute() {
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
    hub.publish("a", 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    let first_end = now();
    hub.publish("a", 2);
    hub.publish("a", 3);
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
fn a_stream_that_resumes_misses_the_events_since_the_end_of_the_other_stream() {
    let hub = TestHub::default();
    let mut reader = hub.resume(
        vec!["a", "b"],
        QueueConfig::default(),
        false,
        Timestamp::now(),
    );
    assert!(!reader.is_live() && reader.interrupted_since().is_some());
    hub.confirmed("a", None);
    hub.publish("a", 1);
    hub.confirmed("b", None);
    hub.publish("a", 2);
    let read = read(&mut reader);
    assert!(
        matches!(
            read[..],
            [Delivery::Frame(1), Delivery::Gap(since, until), Delivery::Frame(2)] if since <= until
        ),
        "{read:?}"
    );
}

/// The keys of test frames. No stream wants the last one.
static KEY_OF: [&str; 4] = ["a", "b", "c", "unclaimed"];

fn key_of(frame: &u32) -> Option<&&'static str> {
    KEY_OF.get(usize::try_from(*frame % 5).unwrap())
}

fn any_queue() -> impl Strategy<Value = QueueConfig> {
    let overflow = prop_oneof![
        Just(Overflow::DropOldest),
        Just(Overflow::DropNewest),
        Just(Overflow::End)
    ];
    let bytes = prop_oneof![Just(usize::MAX), 0_usize..40];
    let capacity = prop_oneof![1_usize..12, 16_usize..64];
    (capacity, bytes, overflow).prop_map(|(capacity, bytes, overflow)| QueueConfig {
        capacity,
        bytes,
        overflow,
    })
}

proptest! {
    #[test]
    fn a_batch_equals_its_frames_published_one_by_one(
        streams in proptest::collection::vec((0_usize..8, any_queue(), any::<bool>()), 0..6),
        batches in proptest::collection::vec(proptest::collection::vec(any::<u32>(), 0..12), 0..6),
    ) {
        let (single, batched) = (TestHub::default(), TestHub::default());
        let register = |hub: &TestHub| -> Vec<_> {
            let register = |(keys, queue, observes): &(usize, QueueConfig, bool)| {
                let keys = (0..3).filter(|bit| keys >> bit & 1 == 1).map(|bit| KEY_OF[bit]).collect();
                if *observes { hub.observe(keys, *queue) } else { hub.subscribe(keys, *queue) }
            };
            streams.iter().map(register).collect()
        };
        let (mut of_single, mut of_batched) = (register(&single), register(&batched));
        for (number, batch) in batches.into_iter().enumerate() {
            let publish = |frame: &u32| single.publish(*key_of(frame).unwrap_or(&"none"), *frame);
            let unclaimed = batch.iter().filter(|frame| publish(frame) == 0).count();
            prop_assert_eq!(batched.publish_all(batch, key_of), unclaimed);
            // Some batches meet the items of the one before.
            if number % 2 == 1 {
                for (one, other) in of_single.iter_mut().zip(&mut of_batched) {
                    prop_assert_eq!(read(one), read(other));
                }
            }
        }
        for (one, other) in of_single.iter_mut().zip(&mut of_batched) {
            prop_assert_eq!(read(one), read(other));
        }
    }
}

/// A change of the keys of some streams.
#[derive(Clone, Debug)]
enum Step {
    /// The link is lost, and with it all held keys.
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

/// The expected items of a stream of all keys.
#[derive(Default)]
struct Expected {
    /// For each key: the instant since which it is not held, if it was held before.
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
                    hub.publish(KEYS[index], number);
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
fn an_ended_hub_ends_every_stream_after_its_queued_items() {
    let hub = TestHub::default();
    let mut reader = hub.subscribe(vec!["a"], QueueConfig::default());
    hub.publish("a", 1);
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
