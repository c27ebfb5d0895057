use super::calendar::Calendar;
use super::timetable::{Input, LATE, Now, Output, RECHECK, Rule, SET_BACK, Timetable};
use alta_model::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// 11:59:30 on some day.
fn start() -> Now {
    Now {
        monotonic: Instant::now(),
        wall: "2026-11-28T11:59:30Z".parse().unwrap(),
    }
}

/// Both clocks after some time.
fn after(now: Now, time: Duration) -> Now {
    Now {
        monotonic: now.monotonic + time,
        wall: now.wall.checked_add(time).unwrap(),
    }
}

fn noon() -> Rule {
    Rule::Calendar(Calendar::daily("12:00").unwrap())
}

fn handle(timetable: &mut Timetable, input: Input, now: Now) -> Vec<Output> {
    timetable.handle(input, now);
    std::iter::from_fn(|| timetable.poll_output()).collect()
}

#[test]
fn an_interval_keeps_its_ticks_and_a_long_run_skips_some() {
    let now = start();
    let mut timetable = Timetable::new([Rule::Every(MINUTE)], now);
    assert_eq!(timetable.deadline(now), Some(now.monotonic + MINUTE));
    let late = after(now, MINUTE + Duration::from_secs(10));
    assert_eq!(handle(&mut timetable, Input::Tick, late), [Output::Run(0)]);
    assert_eq!(timetable.deadline(late), Some(now.monotonic + 2 * MINUTE));
    // The run takes until after the second and the third tick.
    for minutes in [2, 3] {
        let tick = after(now, minutes * MINUTE);
        assert_eq!(
            handle(&mut timetable, Input::Tick, tick),
            [Output::Skipped(0, 1)]
        );
    }
    let end = after(now, 3 * MINUTE + MINUTE / 2);
    assert_eq!(handle(&mut timetable, Input::Ended(0), end), []);
    let next = after(now, 4 * MINUTE);
    assert_eq!(handle(&mut timetable, Input::Tick, next), [Output::Run(0)]);
}

#[test]
fn runs_that_were_due_during_an_outage_are_skipped() {
    let now = start();
    let mut timetable = Timetable::new([Rule::Every(MINUTE), noon()], now);
    let resumed = after(now, 10 * MINUTE + MINUTE / 2);
    let skipped = [Output::Skipped(0, 10), Output::Skipped(1, 1)];
    assert_eq!(handle(&mut timetable, Input::Resumed, resumed), skipped);
    assert_eq!(handle(&mut timetable, Input::Tick, resumed), []);
    let next = after(now, 11 * MINUTE);
    assert_eq!(handle(&mut timetable, Input::Tick, next), [Output::Run(0)]);
}

#[test]
fn a_run_that_ended_with_the_connection_does_not_stop_the_entry() {
    let now = start();
    let mut timetable = Timetable::new([Rule::Every(MINUTE)], now);
    handle(&mut timetable, Input::Tick, after(now, MINUTE));
    handle(
        &mut timetable,
        Input::Resumed,
        after(now, MINUTE + MINUTE / 2),
    );
    let next = handle(&mut timetable, Input::Tick, after(now, 2 * MINUTE));
    assert_eq!(next, [Output::Run(0)]);
}

#[test]
fn the_wall_clock_is_read_again_and_may_jump() {
    let now = start();
    let mut timetable = Timetable::new([noon()], now);
    assert_eq!(timetable.deadline(now), Some(now.monotonic + RECHECK));
    let noon = after(now, MINUTE / 2);
    assert_eq!(handle(&mut timetable, Input::Tick, noon), [Output::Run(0)]);
    handle(&mut timetable, Input::Ended(0), noon);
    // Set back by ten minutes: the second noon is skipped.
    let set_back = |now: Now, by| Now {
        wall: now.wall.checked_sub(by).unwrap(),
        ..now
    };
    let back = set_back(after(noon, MINUTE), 10 * MINUTE);
    for minutes in 0..20 {
        let now = after(back, minutes * MINUTE);
        assert_eq!(handle(&mut timetable, Input::Tick, now), [], "{minutes}");
    }
    // The clock was wrong by a day: the next noon is run.
    let yesterday = set_back(after(noon, 30 * MINUTE), 24 * HOUR);
    assert_eq!(handle(&mut timetable, Input::Tick, yesterday), []);
    let noon = after(yesterday, 23 * HOUR + 30 * MINUTE);
    assert_eq!(handle(&mut timetable, Input::Tick, noon), [Output::Run(0)]);
    handle(&mut timetable, Input::Ended(0), noon);
    // Set forward over a noon.
    let forward = after(noon, 30 * HOUR);
    let forward = Now {
        monotonic: noon.monotonic + MINUTE,
        ..forward
    };
    assert_eq!(
        handle(&mut timetable, Input::Tick, forward),
        [Output::Skipped(0, 1)]
    );
}

#[derive(Clone, Debug)]
enum Step {
    /// The driver ticks when it is due, for so many minutes.
    Run(u64),
    /// The connection is lost for so many minutes.
    Outage(u64),
    /// The wall clock is set, by so many minutes.
    Jump(i64),
    End,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..60_u64).prop_map(Step::Run),
        1 => (0..600_u64).prop_map(Step::Outage),
        1 => (-90..90_i64).prop_map(Step::Jump),
        1 => (-1_500..1_500_i64).prop_map(Step::Jump),
        2 => Just(Step::End),
    ]
}

fn jumped(now: Now, minutes: i64) -> Now {
    let by = Duration::from_secs(minutes.unsigned_abs() * 60);
    let wall = if minutes < 0 {
        now.wall.checked_sub(by)
    } else {
        now.wall.checked_add(by)
    };
    Now {
        wall: wall.unwrap(),
        ..now
    }
}

proptest! {
    /// For all changes of the clocks and the connection: an entry runs once at a time, never in a burst and never late; no hour runs
    /// twice unless the clock was set back by more than two hours; each tick of an interval is run or skipped; and the machine
    /// always has a deadline.
    #[test]
    fn runs_of_an_entry_do_not_overlap_and_no_clock_repeats_them(steps in proptest::collection::vec(step(), 0..30)) {
        let mut now = start();
        let began = now;
        let every = 7 * MINUTE;
        let hourly = Rule::Calendar(Calendar::cron("0 * * * *").unwrap());
        let mut timetable = Timetable::new([Rule::Every(every), hourly], now);
        let mut running = [false; 2];
        let mut ticks = 0;
        let mut last_run: [Option<Instant>; 2] = [None; 2];
        let mut hours: BTreeMap<Timestamp, u32> = BTreeMap::new();
        let mut newest = now.wall;
        for step in steps {
            let (end, is_connected) = match step {
                Step::Run(minutes) => (after(now, Duration::from_secs(minutes * 60)), true),
                Step::Outage(minutes) => (after(now, Duration::from_secs(minutes * 60)), false),
                Step::Jump(minutes) => {
                    now = jumped(now, minutes);
                    // A clock that is set back far begins anew.
                    if newest.saturating_duration_since(now.wall) > SET_BACK {
                        hours.clear();
                        newest = now.wall;
                    }
                    (now, true)
                }
                Step::End => (now, true),
            };
            let mut input = match step {
                Step::Outage(_) => {
                    running = [false; 2];
                    Input::Resumed
                }
                Step::End if running[0] => {
                    running[0] = false;
                    Input::Ended(0)
                }
                Step::End if running[1] => {
                    running[1] = false;
                    Input::Ended(1)
                }
                _ => Input::Tick,
            };
            if !is_connected {
                now = end;
            }
            loop {
                newest = newest.max(now.wall);
                for output in handle(&mut timetable, input, now) {
                    match output {
                        Output::Run(index) => {
                            prop_assert!(input != Input::Resumed, "a run after an outage");
                            prop_assert!(!std::mem::replace(&mut running[index], true));
                            prop_assert!(last_run[index].replace(now.monotonic) != Some(now.monotonic));
                            if index == 0 {
                                ticks += 1;
                            } else {
                                let second = now.wall.unix_seconds();
                                let hour = Timestamp::from_unix_seconds(second - second % 3_600).unwrap();
                                prop_assert!(now.wall.saturating_duration_since(hour) <= LATE);
                                let count = hours.entry(hour).or_default();
                                *count += 1;
                                prop_assert_eq!(*count, 1, "{}", hour);
                            }
                        }
                        Output::Skipped(0, count) => ticks += count,
                        Output::Skipped(..) => {}
                    }
                }
                let passed = (now.monotonic - began.monotonic).as_secs() / every.as_secs();
                prop_assert_eq!(ticks, passed, "each tick is run or skipped");
                input = Input::Tick;
                let deadline = timetable.deadline(now).unwrap();
                prop_assert!(deadline > now.monotonic && deadline <= now.monotonic + RECHECK);
                if deadline > end.monotonic {
                    break;
                }
                now = after(now, deadline - now.monotonic);
            }
            now = after(now, end.monotonic.saturating_duration_since(now.monotonic));
        }
    }
}
