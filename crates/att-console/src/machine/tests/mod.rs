mod courses;
mod loading;
mod world;

use super::*;
use crate::error::Sent;
use crate::status::State;
use alta_socket::{BackoffPolicy, Machine as _};
use world::World;

#[test]
fn promise_06_nothing_is_sent_before_the_token_has_a_reply() {
    let mut world = World::new(Config::default());
    let ticket = world.command(30, false);
    world.want("PlayerJoined", true);
    world.open(false);
    assert!(world.queued.is_empty());
    world.frame(r#"{"type":"Subscription","eventType":"InfoLog","data":{"message":"Connection Succeeded"}}"#);
    assert!(
        world.queued.is_empty(),
        "an event of a running log stream is not a reply"
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
fn promise_06_a_late_reply_is_counted_and_not_given_to_the_next_command() {
    let mut world = World::new(Config::default());
    world.ready();
    let first = world.command(5, false);
    world.write_one();
    world.pass(Duration::from_secs(6));
    assert!(matches!(
        world.the_outcome(first),
        Err(ErrorKind::TimedOut {
            sent: Sent::MayHaveRun,
            ..
        })
    ));
    let second = world.command(5, false);
    world.write_one();
    let (late, _) = world.received[0].clone();
    world.reply(0);
    assert!(!world.outcomes.contains_key(&second));
    world.frame(&format!(r#"{{"type":2,"data":{{}},"commandId":{late}}}"#));
    world.reply(0);
    assert_eq!(world.the_outcome(second), &Ok(()));
    let totals = world.machine.counters.totals();
    assert_eq!((totals.late_replies, totals.unknown_replies), (2, 0));
}

#[test]
fn promise_05_timeout_and_disconnection_say_whether_the_command_may_have_run() {
    let mut world = World::new(Config::default());
    let waiting = world.command(5, false);
    let refused = world.command(5, true);
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
    let (sent, unsent) = (world.command(30, false), world.command(30, false));
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
        "an unsent command continues to wait"
    );
    world.settle();
    assert_eq!(world.the_outcome(unsent), &Ok(()));
}

#[test]
fn promise_05_the_timeout_of_a_queued_command_runs_on_after_a_lost_connection() {
    // The backoff is longer than the timeout.
    let policy = BackoffPolicy::new(Duration::from_secs(3_600), Duration::from_secs(3_600));
    let mut world = World::new(Config::default().max_in_flight(1).backoff(policy));
    world.ready();
    let (_sent, queued) = (world.command(30, false), world.command(5, false));
    world.write_one();
    world.lose();
    let after = world.machine.deadline().unwrap().duration_since(world.now);
    assert!(after <= Duration::from_secs(5), "{after:?}");
    world.pass(Duration::from_secs(5));
    let outcome = world.the_outcome(queued);
    assert!(
        matches!(
            outcome,
            Err(ErrorKind::TimedOut {
                sent: Sent::NotSent,
                ..
            })
        ),
        "{outcome:?}"
    );
}

#[test]
fn commands_keep_their_order_through_a_lost_connection() {
    let mut world = World::new(Config::default());
    world.ready();
    for _ in 0..40 {
        world.command(300, false);
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
        let waiting = world.command(30, false);
        world.open(true);
        world.frame(refusal);
        assert!(world.ended, "{refusal}");
        let closed = |because: &Closed| matches!(because, Closed::Refused(text) if text.contains("Invalid Token"));
        assert!(matches!(world.machine.state(), State::Closed { because } if closed(&because)));
        assert!(
            matches!(world.the_outcome(waiting), Err(ErrorKind::Closed { because }) if closed(because))
        );
        let later = world.command(30, false);
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
                    because: NotConnected::NoReplyToToken,
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
            because: Closed::NoReplyToToken { attempts: 3 }
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
fn promise_01_a_gap_lasts_from_the_last_frame_to_the_confirmation() {
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
fn subscriptions_do_not_count_towards_the_limit_of_commands() {
    let mut world = World::new(Config::default().max_in_flight(1));
    for name in ["PlayerJoined", "PlayerLeft"] {
        world.want(name, true);
    }
    world.ready();
    let (first, second) = (world.command(30, false), world.command(30, false));
    while !world.queued.is_empty() {
        world.write_one();
    }
    let line = |ticket| format!("command {ticket}");
    assert_eq!(
        world.received[2].1,
        line(first),
        "without a reply they delay no other"
    );
    assert_eq!(world.received.len(), 3);
    world.reply(2);
    world.write_one();
    assert_eq!(world.received[2].1, line(second));
}

#[test]
fn a_link_that_falls_silent_is_closed() {
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
        matches!(world.machine.state(), State::Recovering { because: NotConnected::Lost(why), .. } if why.contains("30s"))
    );
    world.give(Input::Heard(link));
}

#[test]
fn a_doubtful_subscription_is_checked_until_a_reply_arrives() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.ready();
    world.write_one();
    world.reply(0);
    world.forget_subscriptions();
    // Three more requests follow, and the server fails each of them.
    for seconds in [8, 12, 20] {
        world.pass(Duration::from_secs(seconds));
        while !world.queued.is_empty() {
            world.write_one();
        }
        world.reply_or_fail(0, true);
    }
    world.settle();
    assert_eq!(world.held, world.wanted);
    assert_eq!(world.gaps, 1);
}
