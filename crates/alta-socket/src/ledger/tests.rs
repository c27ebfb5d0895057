use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn ledger() -> Ledger<u8> {
    let mut ledger = Ledger::new(SECOND * 2, BackoffPolicy::default(), 7);
    ledger.connected();
    ledger
}

fn next(ledger: &mut Ledger<u8>, now: Instant) -> Option<Step<u8>> {
    ledger.next(now, false)
}

#[test]
fn one_request_for_a_subscription_is_in_flight_at_a_time() {
    let (mut ledger, now) = (ledger(), Instant::now());
    assert!(ledger.want(&1).is_due);
    assert!(matches!(
        next(&mut ledger, now),
        Some(Step::Subscribe { key: 1, .. })
    ));
    assert!(!ledger.want(&1).is_due);
    ledger.unwant(&1, now);
    assert_eq!(next(&mut ledger, now + SECOND * 9), None);
    ledger.confirmed(&1, None, now);
    let unsubscribes = next(&mut ledger, now + SECOND * 9);
    assert!(matches!(
        unsubscribes,
        Some(Step::Unsubscribe { key: 1, .. })
    ));
    ledger.released(&1);
    assert_eq!(next(&mut ledger, now), Some(Step::Forgotten(1)));
    assert!(ledger.is_empty() && ledger.to_do() == 0);
}

#[test]
fn a_repeated_request_has_the_time_of_the_first_and_leaves_a_gap_if_it_was_held() {
    let (mut ledger, start) = (ledger(), Instant::now());
    ledger.want(&1);
    next(&mut ledger, start);
    ledger.no_reply(&1);
    let again = next(&mut ledger, start + SECOND);
    assert_eq!(
        again,
        Some(Step::Subscribe {
            key: 1,
            since: start
        })
    );
    let first = ledger.confirmed(&1, Some(true), start + SECOND).unwrap();
    assert_eq!(first.gap, None, "it was not held before");
    assert_eq!(ledger.doubt(), [1]);
    next(&mut ledger, start + SECOND * 2);
    let until = start + SECOND * 3;
    let gap = ledger
        .confirmed(&1, Some(false), until)
        .unwrap()
        .gap
        .unwrap();
    assert_eq!((gap.since, gap.until), (start + SECOND, until));
}

#[test]
fn failures_back_off_and_a_loss_is_one_gap_from_the_first() {
    let (mut ledger, start) = (ledger(), Instant::now());
    ledger.want(&1);
    next(&mut ledger, start);
    assert_eq!(ledger.failed(&1, true, start), Some(1));
    assert_eq!(next(&mut ledger, start), None);
    assert!(ledger.deadline().unwrap() <= start + SECOND);
    ledger.wake(start + SECOND);
    assert!(next(&mut ledger, start + SECOND).is_some());
    ledger.confirmed(&1, None, start + SECOND);
    for seconds in [3, 5] {
        let since = start + SECOND * (seconds - 1);
        let lost = ledger.disconnected(since, start + SECOND * seconds, |_| true);
        assert_eq!(lost.interrupted.len(), usize::from(seconds == 3));
    }
    ledger.connected();
    next(&mut ledger, start + SECOND * 6);
    let gap = ledger
        .confirmed(&1, None, start + SECOND * 7)
        .unwrap()
        .gap
        .unwrap();
    assert_eq!(gap.since, start + SECOND * 2);
}

#[test]
fn a_refusal_stands_until_a_new_stream_or_an_ending_connection() {
    let (mut ledger, now) = (ledger(), Instant::now());
    ledger.want(&1);
    next(&mut ledger, now);
    assert_eq!(ledger.refused(&1), Some(false));
    assert_eq!(next(&mut ledger, now), None);
    assert!(ledger.want(&1).is_due);
    next(&mut ledger, now);
    ledger.refused(&1);
    for stands in [true, false] {
        ledger.disconnected(now, now, |_| stands);
        ledger.connected();
        assert_eq!(next(&mut ledger, now).is_some(), !stands);
    }
}

#[test]
fn a_batch_contains_due_subscriptions_that_belong_together() {
    let (mut ledger, now) = (ledger(), Instant::now());
    for key in 1..=5 {
        ledger.want(&key);
    }
    let same = |a: &u8, b: &u8| a % 2 == b % 2;
    assert_eq!(ledger.next_batch(now, 4..=9, same), None);
    assert_eq!(ledger.next_batch(now, 2..=2, same), Some(vec![1, 3]));
    ledger.repeat(&3, true, false);
    assert_eq!(ledger.next_batch(now, 2..=9, same), Some(vec![2, 4]));
    let alone = ledger.next(now, true);
    assert!(matches!(alone, Some(Step::Subscribe { key: 3, .. })));
    assert_eq!(ledger.next(now, true), None, "5 waits for others");
}
