use super::bursts::{Bursts, CAPACITY};
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const QUIET: Duration = Duration::from_secs(2);

proptest! {
    /// Each burst yields its last item, once, exactly when its key was quiet for long enough.
    #[test]
    fn the_last_item_of_each_burst_is_yielded(steps in proptest::collection::vec((0..4_u8, 0..3_000_u64), 0..80)) {
        let mut now = Instant::now();
        let mut bursts = Bursts::new(QUIET);
        let mut newest: HashMap<u8, (usize, Instant)> = HashMap::new();
        for (number, (key, pause)) in steps.into_iter().enumerate() {
            now += Duration::from_millis(pause);
            let mut yielded: Vec<usize> = std::iter::from_fn(|| bursts.pop(now)).collect();
            yielded.sort_unstable();
            let mut expected: Vec<_> = newest.values().filter(|(_, at)| *at + QUIET <= now).map(|(number, _)| *number).collect();
            expected.sort_unstable();
            prop_assert_eq!(yielded, expected);
            newest.retain(|_, (_, at)| *at + QUIET > now);
            bursts.push(key, number, now);
            newest.insert(key, (number, now));
            let deadline = newest.values().map(|(_, at)| *at + QUIET).min();
            prop_assert_eq!(bursts.deadline(), deadline);
        }
    }
}

#[test]
fn more_keys_than_fit_end_the_oldest_burst() {
    let now = Instant::now();
    let mut bursts = Bursts::new(QUIET);
    for key in 0..CAPACITY {
        bursts.push(key, key, now);
    }
    assert_eq!(bursts.pop(now), None);
    bursts.push(CAPACITY, CAPACITY, now);
    assert_eq!(bursts.pop(now), Some(0));
    assert_eq!(bursts.pop(now), None);
}
