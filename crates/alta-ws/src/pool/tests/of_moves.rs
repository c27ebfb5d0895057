//! Topics that move together, so that sockets can be closed.

use super::reader::Item;
use super::world::{World, config, topic};
use crate::test_server::Reply;
use alta_socket::{LinkId, Lost};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Three sockets with room for two topics each; the first and the second have one left.
fn scattered() -> World {
    let mut world = World::new(config().subscriptions_per_socket(2));
    for number in 0..6 {
        world.subscribe(topic(number));
        world.take_changes();
    }
    world.settle();
    for number in [1, 2] {
        world.drop_stream(&topic(number));
    }
    world.take_changes();
    world.pass(SECOND * 2);
    world.settle();
    assert_eq!(
        (world.open_links().len(), world.server.held().len()),
        (3, 4)
    );
    world
}

/// The same, at the moment before the second socket's topic is requested on the first.
fn moving() -> (World, LinkId, LinkId) {
    let mut world = scattered();
    world.drop_stream(&topic(5));
    world.take_changes();
    world.pass(SECOND * 2);
    world.settle();
    let links = world.open_links();
    world.pass(SECOND * 10);
    world.token();
    world.write(links[0]);
    let asked: Vec<_> = world.server.sockets[&links[0]]
        .asked
        .iter()
        .map(|(_, request)| request.doing())
        .collect();
    assert_eq!(asked, [format!("POST {}", topic(3))]);
    (world, links[1], links[0])
}

fn items(world: &World, number: i64) -> &[Item] {
    let reader = world
        .readers
        .iter()
        .find(|reader| reader.topic == topic(number));
    &reader.unwrap().items
}

#[test]
fn a_socket_whose_topics_fit_elsewhere_is_closed_without_lost_or_duplicate_events() {
    let (mut world, from, to) = moving();
    world.serve(to, Reply::Do);
    // Held on both: each event arrives twice.
    for (first, second) in [(from, to), (to, from)] {
        world.happen(topic(3), true);
        world.happen(topic(3), false);
        while world.arrive(first) {}
        while world.arrive(second) {}
    }
    world.settle();
    assert_eq!(world.open_links().len(), 2);
    world.happen(topic(3), true);
    world.settle();
    assert_eq!(
        items(&world, 3),
        (0..5).map(Item::Event).collect::<Vec<_>>()
    );
    assert_eq!(world.totals().duplicates_suppressed, 4);
    assert_eq!(
        (world.totals().gaps, world.codes.as_slice()),
        (0, [1000].as_slice())
    );
    world.pass(SECOND * 10);
    world.settle();
    world.pool.check_rest(3);
}

#[test]
fn topics_do_not_move_without_room_to_spare() {
    let mut world = scattered();
    let links = world.open_links();
    for _ in 0..10 {
        world.pass(SECOND * 10);
        for link in world.open_links() {
            world.pong(link);
        }
        world.settle();
    }
    assert_eq!(world.open_links(), links);
}

#[test]
fn a_topic_that_another_socket_is_refused_stays_on_its_socket() {
    let (mut world, from, to) = moving();
    world.serve(to, Reply::Refuse(404));
    world.arrive(to);
    world.happen(topic(3), true);
    while world.arrive(from) {}
    assert_eq!(items(&world, 3), [Item::Event(0)]);
    // No stream has lost its subscription.
    assert_eq!(world.totals().refused_subscriptions, 0);
    assert_eq!(world.pool.condition().last_refusal, None);
    // It is not tried again all the time.
    let asks = |world: &mut World| {
        world.token();
        world.write(to);
        !world.server.sockets[&to].asked.is_empty()
    };
    let mut minutes = 0;
    while !asks(&mut world) {
        minutes += 1;
        for _ in 0..2 {
            world.pass(SECOND * 30);
            for link in world.open_links() {
                world.pong(link);
            }
        }
    }
    assert_eq!(minutes, 5);
    world.drop_stream(&topic(3));
    world.take_changes();
    world.pass(SECOND * 2);
    world.settle();
    assert_eq!(world.server.held().len(), 2);
}

#[test]
fn a_new_stream_of_a_moving_topic_uses_the_socket_that_holds_it() {
    let (mut world, from, to) = moving();
    world.subscribe(topic(3));
    world.take_changes();
    assert!(world.readers.last().unwrap().confirmed.is_some());
    // For a moment no stream needs it: the move continues.
    while world.drop_stream(&topic(3)) {}
    world.take_changes();
    world.subscribe(topic(3));
    world.take_changes();
    assert!(world.readers.last().unwrap().confirmed.is_some());
    world.pass(SECOND * 3);
    world.token();
    world.write(from);
    assert!(world.server.sockets[&from].asked.is_empty());
    world.serve(to, Reply::Do);
    world.settle();
    world.pass(SECOND * 10);
    world.settle();
    world.pool.check_rest(3);
}

#[test]
fn a_refused_topic_moves_without_another_request() {
    let mut world = World::new(config().subscriptions_per_socket(3));
    for number in 0..4 {
        world.subscribe(topic(number));
        world.take_changes();
    }
    world.settle();
    let second = world.open_links()[1];
    world.subscribe(topic(6));
    world.take_changes();
    world.token();
    world.write(second);
    world.serve(second, Reply::Refuse(404));
    world.arrive(second);
    for number in 1..4 {
        world.drop_stream(&topic(number));
    }
    world.take_changes();
    world.pass(SECOND * 2);
    world.settle();
    assert_eq!(world.open_links().len(), 2);
    world.pass(SECOND * 10);
    assert_eq!(world.open_links().len(), 1);
    world.settle();
    assert_eq!(world.server.held().len(), 1);
    assert_eq!(world.totals().refused_subscriptions, 1);
    // A new stream of it gets events.
    world.want(&topic(6));
    world.settle();
    assert_eq!(world.server.held().len(), 2);
    world.pool.check_rest(2);
}

#[test]
fn a_topic_that_fails_repeatedly_does_not_stop_others_from_moving() {
    let mut world = World::new(config().subscriptions_per_socket(4));
    for number in 0..5 {
        world.subscribe(topic(number));
        world.take_changes();
    }
    world.settle();
    let first = world.open_links()[0];
    for number in 1..4 {
        world.drop_stream(&topic(number));
    }
    world.take_changes();
    world.pass(SECOND * 2);
    world.settle();
    world.subscribe(topic(7));
    world.take_changes();
    let mut failures = 0;
    while world.pool.moves_nothing() {
        failures += 1;
        assert!(failures < 60, "nothing moves");
        world.token();
        world.write(first);
        while world.serve(first, Reply::Refuse(503)) {}
        while world.arrive(first) {}
        world.pass(SECOND);
        for link in world.open_links() {
            world.pong(link);
        }
    }
    world.settle();
    for _ in 0..60 {
        world.pass(SECOND);
        world.settle();
    }
    world.pool.check_rest(3);
    assert_eq!(world.open_links().len(), 1);
}

#[test]
fn a_topic_whose_socket_is_lost_while_it_moves_has_a_gap_until_another_holds_it() {
    let (mut world, from, to) = moving();
    let since = world.now;
    world.pong(from);
    world.happen(topic(3), true);
    world.lose(
        from,
        &Lost::Broken(Some(std::sync::Arc::new(
            std::io::ErrorKind::ConnectionReset.into(),
        ))),
    );
    world.serve(to, Reply::Do);
    world.arrive(to);
    assert_eq!(items(&world, 3), [Item::Gap(since, world.now)]);
    assert_eq!(world.totals().gaps, 1);
    world.settle();
    assert_eq!(world.server.held().len(), 3);
}

#[test]
fn a_topic_that_loses_its_streams_while_it_moves_is_held_nowhere() {
    let before = [Some(Reply::Do), None, None];
    let after = [None, Some(Reply::Do), Some(Reply::Refuse(404))];
    for (before, after) in before.into_iter().zip(after) {
        let (mut world, _, to) = moving();
        let reply = |world: &mut World, reply: Option<Reply>| {
            if let Some(reply) = reply {
                world.serve(to, reply);
                world.arrive(to);
            }
        };
        reply(&mut world, before);
        world.drop_stream(&topic(3));
        world.take_changes();
        reply(&mut world, after);
        world.pass(SECOND * 2);
        world.settle();
        world.pass(SECOND * 15);
        world.settle();
        world.pool.check_rest(2);
        assert_eq!(world.server.held().len(), 2);
    }
}

#[test]
fn a_topic_that_is_wanted_again_while_its_old_socket_still_has_it_stays_there() {
    let (mut world, from, to) = moving();
    world.lose(to, &Lost::Broken(None));
    world.drop_stream(&topic(3));
    world.take_changes();
    world.subscribe(topic(3));
    world.take_changes();
    let again = world.readers.last().unwrap();
    assert!(again.confirmed.is_some(), "at once");
    world.happen(topic(3), true);
    world.arrive(from);
    assert_eq!(items(&world, 3), [Item::Event(0)]);
    world.pass(SECOND);
    world.settle();
    for _ in 0..4 {
        world.pass(SECOND * 10);
        world.settle();
    }
    world.pool.check_rest(3);
}

#[test]
fn nothing_moves_while_a_socket_migrates() {
    let mut world = scattered();
    world.drop_stream(&topic(5));
    world.take_changes();
    world.pass(SECOND * 2);
    world.settle();
    world.migrate();
    world.pass(SECOND * 10);
    assert!(world.pool.moves_nothing());
    world.settle();
    // The handover, and then the same time again.
    for _ in 0..3 {
        world.pass(SECOND * 10);
        world.settle();
    }
    assert_eq!(world.open_links().len(), 2);
}

#[test]
fn topics_that_a_socket_drops_while_another_arrives_do_not_affect_the_move() {
    let config = config().subscriptions_per_socket(3);
    let mut world = World::new(config.max_in_flight(1));
    for number in 0..6 {
        world.subscribe(topic(number));
        world.take_changes();
    }
    world.settle();
    for number in [1, 2, 4, 5] {
        world.drop_stream(&topic(number));
        world.take_changes();
    }
    world.pass(SECOND * 2);
    world.settle();
    world.pass(SECOND * 10);
    world.token();
    let to = world.open_links()[0];
    world.write(to);
    // Its stream begins and ends while there is no room for its request.
    world.subscribe(topic(7));
    world.take_changes();
    world.drop_stream(&topic(7));
    world.take_changes();
    world.serve(to, Reply::Do);
    world.settle();
    for _ in 0..2 {
        world.pass(SECOND * 10);
        world.settle();
    }
    world.pool.check_rest(2);
    assert_eq!(world.open_links().len(), 1);
}
