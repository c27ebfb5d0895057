use super::cooldown::{CAPACITY, Running};
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const PERIOD: Duration = Duration::from_secs(10);

proptest! {
    /// A key starts exactly when its last start is a period ago, and ended cool-downs take no memory.
    #[test]
    fn a_key_starts_once_per_period(steps in proptest::collection::vec((0..4_u8, 0..6_000_u64), 0..80)) {
        let mut now = Instant::now();
        let mut running = Running::new(PERIOD);
        let mut started: HashMap<u8, Instant> = HashMap::new();
        for (key, pause) in steps {
            now += Duration::from_millis(pause);
            let is_due = started.get(&key).is_none_or(|at| now >= *at + PERIOD);
            let remaining = running.remaining(&key, now);
            prop_assert_eq!(remaining.is_zero(), is_due);
            prop_assert_eq!(running.try_start(key, now), is_due);
            if is_due {
                started.insert(key, now);
            }
            let active = started.values().filter(|at| now < **at + PERIOD).count();
            prop_assert!(running.len() <= active);
        }
    }
}

#[test]
fn more_keys_than_fit_end_the_oldest() {
    let now = Instant::now();
    let mut running = Running::new(PERIOD);
    for key in 0..=CAPACITY {
        assert!(running.try_start(key, now));
    }
    assert_eq!(running.len(), CAPACITY);
    assert!(!running.try_start(1, now));
    assert!(running.try_start(0, now));
}

#[test]
fn a_period_without_an_end_is_accepted() {
    let now = Instant::now();
    let mut running = Running::new(Duration::MAX);
    assert!(running.try_start("once", now));
    assert!(!running.try_start("once", now + Duration::from_secs(1_000_000)));
}
