//! Servers that have just started and load their world.

use super::World;
use crate::machine::*;
use crate::status::State;

#[test]
fn a_subscription_that_the_server_lost_is_found_by_a_repeated_request() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.ready();
    world.write_one();
    world.reply(0);
    world.held.clear();
    world.pass(Duration::from_secs(9));
    world.write_one();
    world.reply(0);
    assert_eq!(world.gaps, 1, "it was not held since it was confirmed");
    world.pass(Duration::from_secs(12));
    world.write_one();
    world.reply(0);
    assert_eq!(world.gaps, 1, "`Unchanged`: it was held");
    world.pass(Duration::from_secs(20));
    assert_eq!(world.queued.len(), 1, "the third and last time");
}

#[test]
fn a_server_that_loads_its_world_is_stalled_until_it_replies() {
    let mut world = World::new(Config::default());
    world.ready();
    let tickets: Vec<_> = (0..3).map(|_| world.command(300, false)).collect();
    for _ in 0..3 {
        world.write_one();
    }
    world.pass(Duration::from_secs(11));
    assert_eq!(world.machine.state(), State::Stalled);
    assert_eq!(world.ran.values().sum::<u32>(), 3, "nothing is sent again");
    for ticket in tickets {
        world.reply(0);
        assert_eq!(world.the_outcome(ticket), &Ok(()));
    }
    assert_eq!(world.machine.state(), State::Ready);
}

#[test]
fn a_server_stays_stalled_after_the_timeout_of_a_command_until_a_reply_arrives() {
    let mut world = World::new(Config::default());
    world.ready();
    let early = world.command(30, false);
    world.write_one();
    world.pass(Duration::from_secs(11));
    assert_eq!(world.machine.state(), State::Stalled);
    world.pass(Duration::from_secs(150));
    let error = world.the_outcome(early).as_ref().unwrap_err();
    assert!(matches!(error, ErrorKind::TimedOut { .. }), "{error}");
    assert_eq!(
        world.machine.state(),
        State::Stalled,
        "its reply is missing"
    );
    let later = world.command(30, false);
    world.write_one();
    assert_eq!(world.machine.state(), State::Stalled);
    // The world is loaded: the replies arrive, late ones first.
    world.reply(0);
    assert_eq!(world.machine.state(), State::Ready);
    world.reply(0);
    assert_eq!(world.the_outcome(later), &Ok(()));
    assert_eq!(world.machine.counters.totals().late_replies, 1);
    world.pass(Duration::from_secs(150));
    assert_eq!(world.machine.state(), State::Ready);
}

#[test]
fn one_lost_reply_does_not_stall_a_server_that_replies_to_others() {
    let mut world = World::new(Config::default());
    world.ready();
    world.command(300, false);
    world.write_one();
    // Its reply is lost; everything else gets a reply.
    for _ in 0..20 {
        world.command(30, false);
        world.write_one();
        world.reply(1);
        world.pass(Duration::from_secs(4));
        assert_eq!(world.machine.state(), State::Ready);
    }
    world.pass(Duration::from_secs(11));
    assert_eq!(
        world.machine.state(),
        State::Stalled,
        "now no request gets a reply"
    );
}

/// The times, in seconds, at which the machine requests a subscription during the next minutes without any reply.
fn asked_without_a_reply(world: &mut World, line: &str) -> Vec<u32> {
    let mut asked = Vec::new();
    for second in 0..700 {
        while let Some((_, queued, _)) = world.queued.first() {
            assert_eq!(queued, line);
            asked.push(second);
            world.write_one();
        }
        world.pass(Duration::from_secs(1));
    }
    asked
}

#[test]
fn a_subscription_whose_reply_never_arrives_is_requested_again() {
    let mut world = World::new(Config::default());
    world.ready();
    world.pass(Duration::from_secs(100));
    world.want("PlayerJoined", true);
    world.confirm("PlayerJoined");
    let asked = asked_without_a_reply(&mut world, "websocket subscribe PlayerJoined");
    assert_eq!(asked, [0, 8, 20, 40, 640]);
    assert!(!world.outcomes.contains_key(&0), "the caller waits");
    // The server was loading. Now it runs and replies to all of them.
    for _ in asked {
        world.reply(0);
    }
    assert_eq!(world.the_outcome(0), &Ok(()));
    assert_eq!(
        (world.gaps, world.machine.counters.totals().late_replies),
        (0, 4)
    );
    assert!(world.held.contains("PlayerJoined"));
}

#[test]
fn a_new_subscription_does_not_wait_for_the_lost_reply_to_an_unsubscribe() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.settle();
    world.want("PlayerJoined", false);
    world.pass(Duration::from_secs(2));
    world.write_one();
    world.held.clear();
    world.received.clear();
    world.want("PlayerJoined", true);
    world.confirm("PlayerJoined");
    world.pass(Duration::from_secs(8));
    assert_eq!(world.queued[0].1, "websocket subscribe PlayerJoined");
    world.write_one();
    world.reply(0);
    assert_eq!(world.the_outcome(0), &Ok(()));
}

#[test]
fn a_check_of_a_subscription_is_repeated_if_its_reply_is_lost() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.ready();
    world.write_one();
    world.reply(0);
    world.pass(Duration::from_secs(8));
    world.held.clear();
    world.write_one();
    world.received.clear();
    let asked = asked_without_a_reply(&mut world, "websocket subscribe PlayerJoined");
    assert_eq!(asked[..2], [8, 20]);
    // The first late reply says that it restored the subscription, the last one that the subscription is held.
    for _ in asked {
        world.reply(0);
    }
    assert_eq!(world.gaps, 1);
}

#[test]
fn a_subscription_that_is_no_longer_wanted_is_dropped_although_its_reply_was_lost() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.ready();
    world.write_one();
    world.received.clear();
    world.held.insert("PlayerJoined".to_owned());
    world.want("PlayerJoined", false);
    world.pass(Duration::from_secs(8));
    assert_eq!(world.queued[0].1, "websocket unsubscribe PlayerJoined");
    world.write_one();
    world.reply(0);
    assert!(world.held.is_empty() && world.machine.topics.len() == 0);
}

#[test]
fn a_stall_of_minutes_keeps_the_order_and_sends_nothing_twice() {
    let mut world = World::new(Config::default().max_in_flight(2));
    world.ready();
    let tickets: Vec<_> = (0..6).map(|_| world.command(600, false)).collect();
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
        world.reply(0);
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
fn subscriptions_are_requested_again_8_20_and_40_seconds_after_each_login() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    for _ in 0..2 {
        world.ready();
        world.write_one();
        world.reply(0);
        let mut asked = Vec::new();
        for second in 1..=120 {
            world.pass(Duration::from_secs(1));
            if !world.queued.is_empty() {
                assert_eq!(world.queued[0].1, "websocket subscribe PlayerJoined");
                world.write_one();
                world.reply(0);
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
    world.reply_or_fail(0, true);
    // Each time after a longer backoff.
    for failures in 0..4 {
        assert!(world.queued.is_empty());
        let until = world.now + Duration::from_secs(1 << failures);
        while world.queued.is_empty() {
            world.pass(Duration::from_millis(10));
        }
        assert!(world.now <= until + Duration::from_millis(10));
        world.write_one();
        if failures < 3 {
            world.reply_or_fail(0, true);
        }
    }
    assert!(!world.outcomes.contains_key(&0), "the caller waits");
    world.reply(0);
    assert_eq!(world.the_outcome(0), &Ok(()));
}

#[test]
fn promise_04_a_failed_unsubscription_is_repeated() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.settle();
    world.want("PlayerJoined", false);
    world.pass(Duration::from_secs(2));
    world.write_one();
    world.reply_or_fail(0, true);
    assert_eq!(world.held.len(), 1);
    assert!(world.queued.is_empty(), "not at once");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.queued[0].1, "websocket unsubscribe PlayerJoined");
    world.write_one();
    world.reply(0);
    assert!(world.held.is_empty());
    world.pass(Duration::from_secs(600));
    assert!(world.queued.is_empty() && world.machine.topics.len() == 0);
}
