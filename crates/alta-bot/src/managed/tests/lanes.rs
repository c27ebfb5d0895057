use crate::managed::lanes::Lanes;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};

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

#[derive(Clone, Debug)]
enum Step {
    Push(u8),
    Begin,
    Done(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..4_u8).prop_map(Step::Push),
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
        let mut expected: BTreeMap<u8, VecDeque<u32>> = BTreeMap::new();
        let mut running: Vec<u8> = Vec::new();
        let drain = std::iter::repeat_n([Step::Done(0), Step::Begin], 400).flatten();
        for step in steps.into_iter().chain(drain) {
            match step {
                Step::Push(key) => {
                    lanes.push(key, pushed);
                    expected.entry(key).or_default().push_back(pushed);
                    pushed += 1;
                }
                Step::Begin => {
                    let free = expected.iter().any(|(key, work)| !work.is_empty() && !running.contains(key));
                    let begun = lanes.begin();
                    prop_assert_eq!(begun.is_some(), free && running.len() < at_once);
                    if let Some((key, work)) = begun {
                        prop_assert!(!running.contains(&key));
                        prop_assert_eq!(expected.get_mut(&key).and_then(VecDeque::pop_front), Some(work));
                        running.push(key);
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
        prop_assert!(expected.values().all(VecDeque::is_empty), "everything was begun");
    }
}
