mod courses;
mod world;

use super::*;
use crate::error::Sent;
use world::World;

#[test]
fn promise_06_nothing_is_sent_before_the_token_is_answered() {
    let mut world = World::new(Config::default());
    let ticket = world.order(30, false);
    world.want("PlayerJoined", true);
    world.open(false);
    assert!(world.queued.is_empty());
    world.frame(r#"{"type":"Subscription","eventType":"InfoLog","data":{"message":"Connection Succeeded"}}"#);
    assert!(
        world.queued.is_empty(),
        "a log stream that already runs is no answer"
    );
    world.accept();
    let lines: Vec<_> = world
        .queued
        .iter()
        .map(|(_, line, _)| line.as_str())
        .collect();
    assert_eq!(lines, ["websocket subscribe PlayerJoined", "command 0"]);
    assert!(!world.outcomes.contains_key(&ticket));
}

#[test]
fn promise_06_a_late_answer_is_counted_and_not_given_to_the_next_command() {
    let mut world = World::new(Config::default());
    world.ready();
    let first = world.order(5, false);
    world.write_one();
    world.pass(Duration::from_secs(6));
    assert!(matches!(
        world.the_outcome(first),
        Err(ErrorKind::TimedOut {
            sent: Sent::MayHaveRun,
            ..
        })
    ));
    let second = world.order(5, false);
    world.write_one();
    let (late, _) = world.received[0].clone();
    world.answer(0);
    assert!(!world.outcomes.contains_key(&second));
    world.frame(&format!(r#"{{"type":2,"data":{{}},"commandId":{late}}}"#));
    world.answer(0);
    assert_eq!(world.the_outcome(second), &Ok(()));
    let totals = world.machine.counters.totals();
    assert_eq!((totals.late_answers, totals.strange_answers), (2, 0));
}

#[test]
fn promise_05_time_out_and_disconnection_tell_whether_it_may_have_run() {
    let mut world = World::new(Config::default());
    let waiting = world.order(5, false);
    let refused = world.order(5, true);
    assert_eq!(world.the_outcome(refused), &Err(ErrorKind::NotReady));
    world.pass(Duration::from_secs(5));
    assert!(matches!(
        world.the_outcome(waiting),
        Err(ErrorKind::TimedOut {
            sent: Sent::NotSent,
            ..
        })
    ));
    world.ready();
    let (sent, unsent) = (world.order(30, false), world.order(30, false));
    world.write_one();
    world.lose();
    assert!(matches!(
        world.the_outcome(sent),
        Err(ErrorKind::Disconnected {
            sent: Sent::MayHaveRun,
            ..
        })
    ));
    assert!(
        !world.outcomes.contains_key(&unsent),
        "what was not sent waits on"
    );
    world.settle();
    assert_eq!(world.the_outcome(unsent), &Ok(()));
}

#[test]
fn commands_keep_their_order_through_a_lost_connection() {
    let mut world = World::new(Config::default());
    world.ready();
    for _ in 0..40 {
        world.order(300, false);
    }
    world.write_one();
    world.lose();
    world.pass(Duration::from_secs(60));
    world.ready();
    let mut lines = Vec::new();
    while let Some((_, line, _)) = world.queued.first() {
        lines.push(line.clone());
        world.write_one();
    }
    let expected: Vec<_> = (1..40).map(|number| format!("command {number}")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn promise_09_an_explicit_refusal_is_final_and_seen_at_once() {
    for refusal in [
        r#"{"type":"SystemMessage","eventType":"FatalLog","data":"Invalid Token"}"#,
        r#"{"type":"ErrorLog","data":"Invalid Token"}"#,
        r#"{"type":0,"eventType":"InfoLog","data":"Connection refused: Invalid Token"}"#,
    ] {
        let mut world = World::new(Config::default());
        let waiting = world.order(30, false);
        world.open(true);
        world.frame(refusal);
        assert!(world.ended, "{refusal}");
        let closed = |because: &Closed| matches!(because, Closed::Refused(text) if text.contains("Invalid Token"));
        assert!(matches!(world.machine.state(), State::Closed { because } if closed(&because)));
        assert!(
            matches!(world.the_outcome(waiting), Err(ErrorKind::Closed { because }) if closed(because))
        );
        let later = world.order(30, false);
        assert!(matches!(
            world.the_outcome(later),
            Err(ErrorKind::Closed { .. })
        ));
    }
}

#[test]
fn promise_09_silence_after_a_fixed_token_is_final_the_third_time() {
    let mut world = World::new(Config::default());
    for attempt in 1..=3 {
        assert!(!world.ended);
        world.open(false);
        world.pass(Duration::from_secs(10));
        if attempt < 3 {
            assert!(matches!(
                world.machine.state(),
                State::Recovering {
                    because: Trouble::NoAnswerToToken,
                    ..
                } | State::Connecting { .. }
            ));
            world.give(Input::RetryNow);
        }
    }
    assert!(world.ended);
    assert_eq!(
        world.machine.state(),
        State::Closed {
            because: Closed::NoAnswerToToken { attempts: 3 }
        }
    );
}

#[test]
fn promise_09_silence_is_never_final_while_the_token_may_change() {
    let mut world = World::new(Config::default());
    for _ in 0..50 {
        world.open(true);
        world.pass(Duration::from_secs(10));
        assert!(!world.ended);
        world.pass(Duration::from_secs(60));
    }
    world.open(true);
    world.accept();
    assert_eq!(world.machine.state(), State::Ready);
}

#[test]
fn promise_01_a_gap_runs_from_the_last_frame_heard_to_the_confirmation() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.settle();
    assert_eq!(world.gaps, 0);
    world.lose();
    world.settle();
    assert_eq!(world.gaps, 1);
    world.lose();
    world.lose();
    world.settle();
    assert_eq!(
        world.gaps, 2,
        "two losses before the confirmation are one gap"
    );
}

#[test]
fn a_subscription_that_the_server_lost_is_found_by_asking_again() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.ready();
    world.write_one();
    world.answer(0);
    world.held.clear();
    world.pass(Duration::from_secs(9));
    world.write_one();
    world.answer(0);
    assert_eq!(world.gaps, 1, "it was not held since it was confirmed");
    world.pass(Duration::from_secs(12));
    world.write_one();
    world.answer(0);
    assert_eq!(world.gaps, 1, "`Unchanged`: it was held");
    world.pass(Duration::from_secs(20));
    assert_eq!(world.queued.len(), 1, "the third and last time");
}

#[test]
fn promise_04_dropping_unsubscribes_after_the_linger_and_not_before() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.settle();
    world.want("PlayerJoined", false);
    world.pass(Duration::from_millis(1_900));
    assert!(world.queued.is_empty());
    world.want("PlayerJoined", true);
    world.pass(Duration::from_secs(5));
    assert!(
        world.queued.is_empty(),
        "back within the linger: nothing is sent"
    );
    world.want("PlayerJoined", false);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.queued[0].1, "websocket unsubscribe PlayerJoined");
}

#[test]
fn a_server_that_loads_its_world_is_stalled_until_it_answers() {
    let mut world = World::new(Config::default());
    world.ready();
    let tickets: Vec<_> = (0..3).map(|_| world.order(300, false)).collect();
    for _ in 0..3 {
        world.write_one();
    }
    world.pass(Duration::from_secs(11));
    assert_eq!(world.machine.state(), State::Stalled);
    assert_eq!(world.ran.values().sum::<u32>(), 3, "nothing is sent again");
    for ticket in tickets {
        world.answer(0);
        assert_eq!(world.the_outcome(ticket), &Ok(()));
    }
    assert_eq!(world.machine.state(), State::Ready);
}

#[test]
fn a_server_stays_stalled_when_a_commands_time_is_over_and_until_any_answer_comes() {
    let mut world = World::new(Config::default());
    world.ready();
    let early = world.order(30, false);
    world.write_one();
    world.pass(Duration::from_secs(11));
    assert_eq!(world.machine.state(), State::Stalled);
    world.pass(Duration::from_secs(150));
    let error = world.the_outcome(early).as_ref().unwrap_err();
    assert!(matches!(error, ErrorKind::TimedOut { .. }), "{error}");
    assert_eq!(world.machine.state(), State::Stalled, "it owes the answer");
    let later = world.order(30, false);
    world.write_one();
    assert_eq!(world.machine.state(), State::Stalled);
    // The world is loaded: the answers come, late ones first.
    world.answer(0);
    assert_eq!(world.machine.state(), State::Ready);
    world.answer(0);
    assert_eq!(world.the_outcome(later), &Ok(()));
    assert_eq!(world.machine.counters.totals().late_answers, 1);
    world.pass(Duration::from_secs(150));
    assert_eq!(world.machine.state(), State::Ready);
}

#[test]
fn a_server_that_answers_others_is_not_stalled_by_one_answer_that_never_comes() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.ready();
    world.write_one();
    // Its answer is lost; everything else is answered.
    for _ in 0..20 {
        world.order(30, false);
        world.write_one();
        world.answer(1);
        world.pass(Duration::from_secs(4));
        assert_eq!(world.machine.state(), State::Ready);
    }
    world.pass(Duration::from_secs(11));
    assert_eq!(world.machine.state(), State::Stalled, "now nothing is");
}

#[test]
fn subscriptions_take_no_room_from_commands() {
    let mut world = World::new(Config::default().in_flight(1));
    for name in ["PlayerJoined", "PlayerLeft"] {
        world.want(name, true);
    }
    world.ready();
    let (first, second) = (world.order(30, false), world.order(30, false));
    while !world.queued.is_empty() {
        world.write_one();
    }
    let line = |ticket| format!("command {ticket}");
    assert_eq!(
        world.received[2].1,
        line(first),
        "unanswered, they hold up nobody"
    );
    assert_eq!(world.received.len(), 3);
    world.answer(2);
    world.write_one();
    assert_eq!(world.received[2].1, line(second));
}

#[test]
fn a_stall_of_minutes_keeps_the_order_and_sends_nothing_twice() {
    let mut world = World::new(Config::default().in_flight(2));
    world.ready();
    let tickets: Vec<_> = (0..6).map(|_| world.order(600, false)).collect();
    let write = |world: &mut World| {
        while !world.queued.is_empty() {
            world.write_one();
        }
    };
    write(&mut world);
    world.pass(Duration::from_secs(240));
    assert_eq!(world.machine.state(), State::Stalled);
    world.machine.count_commands();
    let counters = &world.machine.counters;
    assert_eq!((counters.in_flight.get(), counters.waiting.get()), (2, 4));
    let mut ran = Vec::new();
    while let Some((_, line)) = world.received.first() {
        ran.push(line.clone());
        world.answer(0);
        write(&mut world);
    }
    let expected: Vec<_> = tickets
        .iter()
        .map(|ticket| format!("command {ticket}"))
        .collect();
    assert_eq!(ran, expected);
    assert!(
        tickets
            .iter()
            .all(|ticket| world.the_outcome(*ticket) == &Ok(()))
    );
}

#[test]
fn subscriptions_are_asked_for_again_8_20_and_40_seconds_after_each_login() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    for _ in 0..2 {
        world.ready();
        world.write_one();
        world.answer(0);
        let mut asked = Vec::new();
        for second in 1..=120 {
            world.pass(Duration::from_secs(1));
            if !world.queued.is_empty() {
                assert_eq!(world.queued[0].1, "websocket subscribe PlayerJoined");
                world.write_one();
                world.answer(0);
                asked.push(second);
            }
        }
        assert_eq!(asked, [8, 20, 40]);
        world.lose();
        world.pass(Duration::from_secs(60));
    }
    assert_eq!(world.gaps, 1, "only the lost connection");
}

#[test]
fn a_subscription_that_a_booting_server_cannot_make_is_tried_again() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.confirm("PlayerJoined");
    world.ready();
    world.write_one();
    world.reply(0, true);
    world.pass(Duration::from_secs(14));
    assert!(world.queued.is_empty());
    world.pass(Duration::from_secs(1));
    world.write_one();
    assert!(!world.outcomes.contains_key(&0), "who asked waits");
    world.answer(0);
    assert_eq!(world.the_outcome(0), &Ok(()));
}

#[test]
fn promise_04_what_a_server_failed_to_let_go_it_is_asked_to_again() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.settle();
    world.want("PlayerJoined", false);
    world.pass(Duration::from_secs(2));
    world.write_one();
    world.reply(0, true);
    assert_eq!(world.held.len(), 1);
    world.pass(Duration::from_secs(14));
    assert!(world.queued.is_empty());
    world.pass(Duration::from_secs(1));
    assert_eq!(world.queued[0].1, "websocket unsubscribe PlayerJoined");
    world.write_one();
    world.answer(0);
    assert!(world.held.is_empty());
    world.pass(Duration::from_secs(600));
    assert!(world.queued.is_empty() && world.machine.topics.len() == 0);
}

#[test]
fn a_link_that_falls_silent_is_given_up() {
    let mut world = World::new(Config::default());
    world.ready();
    let link = world.link.unwrap();
    for seconds in [30, 30] {
        world.now += Duration::from_secs(seconds);
        world.machine.handle(Input::Timer, world.now);
        world.perform();
    }
    assert!(world.link.is_none());
    assert!(
        matches!(world.machine.state(), State::Recovering { because: Trouble::Lost(why), .. } if why.contains("30s"))
    );
    world.give(Input::Pong(link));
}
