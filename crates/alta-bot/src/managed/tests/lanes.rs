use crate::managed::lanes::Lanes;
use proptest::prelude::*;
use std::collections::VecDeque;

#[test]
fn a_lane_does_one_thing_at_a_time_and_others_go_on() {
    let mut lanes = Lanes::new(2, 10);
    for (key, work) in [("a", 1), ("a", 2), ("b", 3), ("c", 4)] {
        lanes.push(key, work);
    }
    assert_eq!(lanes.begin(), Some(("a", 1)));
    assert_eq!(lanes.begin(), Some(("b", 3)));
    assert_eq!(lanes.begin(), None, "two at once");
    lanes.done(&"b");
    assert_eq!(lanes.begin(), Some(("c", 4)));
    lanes.done(&"a");
    assert_eq!(lanes.begin(), Some(("a", 2)));
}

#[test]
fn it_is_full_by_what_waits_and_not_by_what_runs() {
    let mut lanes = Lanes::new(1, 2);
    lanes.push("a", 1);
    assert_eq!(lanes.begin(), Some(("a", 1)));
    lanes.push("a", 2);
    assert!(!lanes.is_full());
    lanes.push("b", 3);
    assert!(lanes.is_full());
    assert_eq!(lanes.clear(), 2);
    assert!(!lanes.is_full());
    lanes.done(&"a");
    assert_eq!(lanes.begin(), None, "nothing is left");
    lanes.push("a", 4);
    assert_eq!(lanes.begin(), Some(("a", 4)));
}

#[test]
fn what_is_done_alone_comes_between_what_came_before_and_after_it() {
    let mut lanes = Lanes::new(4, 10);
    lanes.push("a", 1);
    lanes.push("a", 2);
    lanes.push_alone("alone", 3);
    lanes.push("b", 4);
    lanes.push_alone("alone", 5);
    lanes.push("a", 6);
    assert_eq!(lanes.begin(), Some(("a", 1)));
    assert_eq!(lanes.begin(), None);
    lanes.done(&"a");
    assert_eq!(lanes.begin(), Some(("a", 2)));
    assert_eq!(lanes.begin(), None);
    lanes.done(&"a");
    assert_eq!(lanes.begin(), Some(("alone", 3)));
    assert_eq!(lanes.begin(), None);
    lanes.done(&"alone");
    assert_eq!(lanes.begin(), Some(("b", 4)));
    lanes.done(&"b");
    assert_eq!(lanes.begin(), Some(("alone", 5)));
    assert_eq!(lanes.clear(), 1);
    lanes.done(&"alone");
    lanes.push("a", 7);
    assert_eq!(lanes.begin(), Some(("a", 7)));
}

/// The key of what is done alone.
const ALONE: u8 = 9;

#[derive(Clone, Debug)]
enum Step {
    Push(u8),
    PushAlone,
    Begin,
    Done(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4_u8).prop_map(Step::Push),
        1 => Just(Step::PushAlone),
        3 => Just(Step::Begin),
        2 => any::<usize>().prop_map(Step::Done),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn whatever_comes_each_lane_keeps_its_order_and_everything_is_done_once(steps in steps(), at_once in 1..4_usize) {
        let mut lanes = Lanes::new(at_once, 1_000);
        let mut pushed = 0_u32;
        // Everything that was pushed and has not begun, in order.
        let mut waiting: VecDeque<(u8, u32)> = VecDeque::new();
        let mut running: Vec<u8> = Vec::new();
        let drain = std::iter::repeat_n([Step::Done(0), Step::Begin], 400).flatten();
        for step in steps.into_iter().chain(drain) {
            match step {
                Step::Push(key) => {
                    lanes.push(key, pushed);
                    waiting.push_back((key, pushed));
                    pushed += 1;
                }
                Step::PushAlone => {
                    lanes.push_alone(ALONE, pushed);
                    waiting.push_back((ALONE, pushed));
                    pushed += 1;
                }
                Step::Begin => {
                    // What may begin stands before the next that is done alone, or is that, with nothing before it.
                    let alone = waiting.iter().position(|(key, _)| *key == ALONE);
                    let may = |(place, (key, _)): (usize, &(u8, u32))| {
                        let first = waiting.iter().take(place).all(|(other, _)| other != key);
                        match alone {
                            Some(0) => place == 0 && running.is_empty(),
                            Some(alone) if place >= alone => false,
                            _ => first && !running.contains(key) && !running.contains(&ALONE),
                        }
                    };
                    let may: Vec<_> = waiting.iter().enumerate().filter(|one| may(*one)).map(|(_, one)| *one).collect();
                    let begun = lanes.begin();
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
                        lanes.done(&key);
                    }
                }
            }
        }
        prop_assert!(waiting.is_empty(), "everything was begun");
    }
}
