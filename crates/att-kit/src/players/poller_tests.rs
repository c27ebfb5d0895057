use super::poller::{Demand, Input, LONGEST_RETRY, Poller, RETRY};
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::Instant;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn every(milliseconds: u64) -> Input {
    let interval = Some(ms(milliseconds));
    Input::Demand(Demand {
        interval,
        since: None,
    })
}

/// A poller with this interval whose first request was sent now.
fn started(interval: u64) -> (Poller, Instant) {
    let now = Instant::now();
    let mut poller = Poller::new(now);
    poller.handle(every(interval), now);
    assert!(poller.poll_request(now));
    (poller, now)
}

fn end(poller: &mut Poller, sent: Instant, after: u64, is_ok: bool) {
    let sent_at = Some(sent);
    poller.handle(
        Input::Ended {
            sent: sent_at,
            is_ok,
        },
        sent + ms(after),
    );
}

#[test]
fn a_fast_server_gets_requests_at_the_interval() {
    let (mut poller, now) = started(200);
    end(&mut poller, now, 3, true);
    assert_eq!(poller.deadline(), Some(now + ms(200)));
    assert!(!poller.poll_request(now + ms(199)));
    assert!(poller.poll_request(now + ms(200)));
}

#[test]
fn a_slow_server_is_idle_for_as_long_as_it_was_busy() {
    let (mut poller, now) = started(200);
    assert_eq!(poller.deadline(), None);
    end(&mut poller, now, 1_500, true);
    assert_eq!(poller.deadline(), Some(now + ms(3_000)));
}

#[test]
fn nothing_is_requested_without_readers() {
    let (mut poller, now) = started(200);
    poller.handle(Input::Demand(Demand::default()), now);
    end(&mut poller, now, 3, true);
    assert_eq!(poller.deadline(), None);
    assert!(!poller.poll_request(now + ms(60_000)));
    poller.handle(every(200), now + ms(60_000));
    assert!(poller.poll_request(now + ms(60_000)));
}

#[test]
fn the_pauses_after_failures_grow_until_a_success_or_a_connection() {
    let (mut poller, mut now) = started(20);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        end(&mut poller, now, 0, false);
        let next = poller.deadline().unwrap();
        pauses.push((next - now).as_millis());
        now = next;
        assert!(poller.poll_request(now));
    }
    assert_eq!(
        pauses,
        [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
    );
    end(&mut poller, now, 0, false);
    poller.handle(Input::Connected, now + ms(20));
    assert_eq!(poller.deadline(), Some(now + ms(20)));
    assert!(poller.poll_request(now + ms(20)));
    end(&mut poller, now + ms(20), 0, false);
    assert_eq!(poller.deadline(), Some(now + ms(20) + RETRY));
}

#[test]
fn one_snapshot_is_requested_once_and_only_if_none_is_new_enough() {
    let now = Instant::now();
    let mut poller = Poller::new(now);
    let since = |since| {
        Input::Demand(Demand {
            interval: None,
            since: Some(since),
        })
    };
    poller.handle(since(now), now);
    assert!(poller.poll_request(now + ms(1)));
    end(&mut poller, now + ms(1), 2, true);
    assert_eq!(poller.deadline(), None);
    poller.handle(since(now + ms(1)), now + ms(10));
    assert_eq!(poller.deadline(), None);
    poller.handle(since(now + ms(2)), now + ms(10));
    assert!(poller.poll_request(now + ms(10)));
}

/// A step of the readers, of the server or of the connection, after some time.
#[derive(Clone, Debug)]
enum Step {
    Every(Option<u64>),
    /// A snapshot at most this old is needed, or none any more.
    Within(Option<u64>),
    End {
        is_sent: bool,
        is_ok: bool,
    },
    Connected,
    Wait,
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let step = prop_oneof![
        proptest::option::of(20..3_000_u64).prop_map(Step::Every),
        proptest::option::of(0..3_000_u64).prop_map(Step::Within),
        (proptest::bool::weighted(0.8), any::<bool>()).prop_map(|(is_sent, is_ok)| Step::End {
            is_sent,
            is_ok: is_ok && is_sent
        }),
        Just(Step::Connected),
        Just(Step::Wait),
    ];
    (0..2_000_u64, step)
}

proptest! {
    /// In any course of readers, server and connection: one request at a time, none without a reader, none before the
    /// interval of the fastest reader or the rest of the server is over, and each in time.
    #[test]
    fn requests_are_single_needed_paced_and_in_time(
        steps in proptest::collection::vec(step(), 0..80)
    ) {
        let mut now = Instant::now();
        let mut poller = Poller::new(now);
        let mut demand = Demand::default();
        let mut in_flight: Option<Instant> = None;
        let (mut last, mut newest) = (None::<Instant>, None::<Instant>);
        // The earliest and the latest end of the rest.
        let (mut rest_until, mut rest_at_most) = (now, now);
        for (after, step) in steps {
            now += ms(after);
            match step {
                Step::Every(interval) => demand.interval = interval.map(ms),
                Step::Within(age) => demand.since = age.and_then(|age| now.checked_sub(ms(age))),
                Step::End { is_sent, is_ok } => if let Some(sent) = in_flight.take() {
                    let sent = is_sent.then_some(sent);
                    poller.handle(Input::Ended { sent, is_ok }, now);
                    let took = sent.map_or(Duration::ZERO, |sent| now - sent);
                    rest_until = now + took;
                    rest_at_most = now + took.max(LONGEST_RETRY);
                    last = sent.or(Some(now));
                    if is_ok {
                        newest = sent;
                    } else {
                        rest_until = rest_until.max(now + RETRY);
                    }
                },
                Step::Connected => {
                    poller.handle(Input::Connected, now);
                    rest_until = rest_until.min(now);
                }
                Step::Wait => {}
            }
            poller.handle(Input::Demand(demand), now);
            let deadline = poller.deadline();
            let is_stale = demand.since.is_some_and(|since| newest.is_none_or(|it| it < since));
            let is_wanted = demand.interval.is_some() || is_stale;
            prop_assert_eq!(deadline.is_some(), is_wanted && in_flight.is_none());
            if let Some(deadline) = deadline {
                let interval = demand.interval.unwrap_or_default();
                prop_assert!(deadline <= rest_at_most.max(now + interval));
            }
            if poller.poll_request(now) {
                prop_assert!(in_flight.is_none(), "one request at a time");
                prop_assert!(is_wanted, "nobody reads");
                prop_assert!(now >= rest_until, "the server rests");
                let by_interval = || last.zip(demand.interval).is_none_or(|(last, it)| now >= last + it);
                prop_assert!(is_stale || by_interval(), "it is too early");
                in_flight = Some(now);
            } else {
                let is_late = deadline.is_some_and(|deadline| deadline <= now);
                prop_assert!(!is_late, "a request is due");
            }
        }
    }
}
