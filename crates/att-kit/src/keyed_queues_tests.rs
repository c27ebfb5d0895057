use super::KeyedQueues;
use proptest::prelude::*;
use std::collections::VecDeque;

#[test]
fn a_queue_runs_one_item_at_a_time_and_others_continue() {
    let mut queues = KeyedQueues::new(2, 10);
    for (key, work) in [("a", 1), ("a", 2), ("b", 3), ("c", 4)] {
        queues.push(key, work);
    }
    assert_eq!(queues.begin(), Some(("a", 1)));
    assert_eq!(queues.begin(), Some(("b", 3)));
    assert_eq!(queues.begin(), None, "two at once");
    queues.done(&"b");
    assert_eq!(queues.begin(), Some(("c", 4)));
    queues.done(&"a");
    assert_eq!(queues.begin(), Some(("a", 2)));
}

#[test]
fn only_waiting_items_count_towards_the_capacity() {
    let mut queues = KeyedQueues::new(1, 2);
    queues.push("a", 1);
    assert_eq!(queues.begin(), Some(("a", 1)));
    queues.push("a", 2);
    assert!(!queues.is_full());
    queues.push("b", 3);
    assert!(queues.is_full());
    assert_eq!(queues.clear(), 2);
    assert!(!queues.is_full());
    queues.done(&"a");
    assert_eq!(queues.begin(), None, "nothing is left");
    queues.push("a", 4);
    assert_eq!(queues.begin(), Some(("a", 4)));
}

#[test]
fn a_barrier_runs_between_earlier_and_later_items() {
    let mut queues = KeyedQueues::new(4, 10);
    queues.push("a", 1);
    queues.push("a", 2);
    queues.push_barrier("barrier", 3);
    queues.push("b", 4);
    queues.push_barrier("barrier", 5);
    queues.push("a", 6);
    assert_eq!(queues.begin(), Some(("a", 1)));
    assert_eq!(queues.begin(), None);
    queues.done(&"a");
    assert_eq!(queues.begin(), Some(("a", 2)));
    assert_eq!(queues.begin(), None);
    queues.done(&"a");
    assert_eq!(queues.begin(), Some(("barrier", 3)));
    assert_eq!(queues.begin(), None);
    queues.done(&"barrier");
    assert_eq!(queues.begin(), Some(("b", 4)));
    queues.done(&"b");
    assert_eq!(queues.begin(), Some(("barrier", 5)));
    assert_eq!(queues.clear(), 1);
    queues.done(&"barrier");
    queues.push("a", 7);
    assert_eq!(queues.begin(), Some(("a", 7)));
}

/// The key of barriers.
const BARRIER: u8 = 9;

#[derive(Clone, Debug)]
enum Step {
    Push(u8),
    PushBarrier,
    Begin,
    Done(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4_u8).prop_map(Step::Push),
        1 => Just(Step::PushBarrier),
        3 => Just(Step::Begin),
        2 => any::<usize>().prop_map(Step::Done),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn each_queue_keeps_its_order_and_every_item_runs_once(steps in steps(), at_once in 1..4_usize) {
        let mut queues = KeyedQueues::new(at_once, 1_000);
        let mut pushed = 0_u32;
        // Everything that was pushed and has not begun, in order.
        let mut waiting: VecDeque<(u8, u32)> = VecDeque::new();
        let mut running: Vec<u8> = Vec::new();
        let drain = std::iter::repeat_n([Step::Done(0), Step::Begin], 400).flatten();
        for step in steps.into_iter().chain(drain) {
            match step {
                Step::Push(key) => {
                    queues.push(key, pushed);
                    waiting.push_back((key, pushed));
                    pushed += 1;
                }
                Step::PushBarrier => {
                    queues.push_barrier(BARRIER, pushed);
                    waiting.push_back((BARRIER, pushed));
                    pushed += 1;
                }
                Step::Begin => {
                    // An item may begin if it is before the next barrier, or is a barrier with nothing before it.
                    let barrier = waiting.iter().position(|(key, _)| *key == BARRIER);
                    let may = |(place, (key, _)): (usize, &(u8, u32))| {
                        let first = waiting.iter().take(place).all(|(other, _)| other != key);
                        match barrier {
                            Some(0) => place == 0 && running.is_empty(),
                            Some(barrier) if place >= barrier => false,
                            _ => first && !running.contains(key) && !running.contains(&BARRIER),
                        }
                    };
                    let may: Vec<_> = waiting.iter().enumerate().filter(|one| may(*one)).map(|(_, one)| *one).collect();
                    let begun = queues.begin();
                    prop_assert_eq!(begun.is_some(), !may.is_empty() && running.len() < at_once);
                    if let Some(begun) = begun {
                        prop_assert!(may.contains(&begun));
                        waiting.retain(|one| *one != begun);
                        running.push(begun.0);
                    }
                }
                Step::Done(which) => {
                    if !running.is_empty() {
                        let key = running.remove(which % running.len());
                        queues.done(&key);
                    }
                }
            }
        }
        prop_assert!(waiting.is_empty(), "everything was begun");
    }
}
