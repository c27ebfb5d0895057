use super::world::{World, config, topic};
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::socket::OpenFailure;
use crate::status::State;
use crate::test_server::Reply;
use alta_socket::{Lost, Machine as _};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Sockets with this number of topics each, all of them held.
fn holding(topics: i64, limit: usize) -> World {
    let config = config().subscriptions_per_socket(limit);
    holding_with(topics, config)
}

fn holding_with(topics: i64, config: Config) -> World {
    let mut world = World::new(config);
    for number in 0..topics {
        world.subscribe(topic(number));
        world.take_changes();
    }
    world.settle();
    assert_eq!(world.server.held().len(), usize::try_from(topics).unwrap());
    world
}

/// Moves time by this step, this number of times, with pongs.
fn live(world: &mut World, step: Duration, times: u32) {
    for _ in 0..times {
        world.pass(step);
        for link in world.open_links() {
            world.pong(link);
        }
    }
}

#[test]
fn sockets_that_opened_together_do_not_migrate_together() {
    const SOCKETS: usize = 40;
    let mut world = holding(i64::try_from(SOCKETS).unwrap(), 1);
    // Before the first migration can be due.
    live(&mut world, SECOND * 30, 2 * 105 - 1);
    live(&mut world, SECOND, 29);
    let mut asked = Vec::new();
    for second in 0..=5 * 60 {
        world.token();
        for link in world.open_links() {
            world.write(link);
            if world.server.sockets[&link]
                .asked
                .iter()
                .any(|(_, request)| &*request.path == "migrate")
            {
                world.serve(link, Reply::Refuse(404));
                world.arrive(link);
                asked.push(second);
            }
        }
        live(&mut world, SECOND, 1);
    }
    // One migration each, and only a few within any ten seconds.
    assert_eq!(asked.len(), SOCKETS);
    for at in &asked {
        let together = asked.iter().filter(|other| (*at..at + 10).contains(*other));
        assert!(together.count() <= 8, "{asked:?}");
    }
}

#[test]
fn sockets_reconnect_alone_and_hold_their_topics_again() {
    let mut world = holding(6, 2);
    let links = world.open_links();
    world.lose(links[1], &Lost::Broken(None));
    assert!(matches!(
        world.pool.condition().state,
        State::Recovering { .. }
    ));
    assert_eq!(world.server.held().len(), 4);
    world.pass(SECOND);
    world.settle();
    assert_eq!(world.pool.condition().state, State::Ready);
    assert_eq!(world.totals().gaps, 2);
    assert_eq!(world.totals().connects, 4);
    assert_eq!(world.server.held().len(), 6);
}

#[test]
fn sockets_without_topics_are_closed_and_new_ones_replace_them() {
    let mut world = holding(6, 2);
    for number in 2..4 {
        world.drop_stream(&topic(number));
    }
    world.take_changes();
    world.pass(SECOND * 2);
    world.settle();
    assert_eq!(
        (world.open_links().len(), world.codes.as_slice()),
        (2, [1000].as_slice())
    );
    assert_eq!(world.pool.condition().sockets, 2);
    world.subscribe(topic(7));
    world.settle();
    assert_eq!(world.open_links().len(), 3);
    world.pool.check_rest(5);
}

#[test]
fn a_call_to_migrate_waits_for_all_sockets_and_returns_the_first_error() {
    let mut world = holding(3, 1);
    world.migrate();
    world.token();
    for (index, link) in world.open_links().into_iter().enumerate() {
        assert_eq!(world.callers.ended(), 0);
        world.write(link);
        world.serve(
            link,
            if index == 1 {
                Reply::Refuse(404)
            } else {
                Reply::Do
            },
        );
        world.arrive(link);
    }
    assert_eq!(world.callers.ended(), 0);
    world.settle();
    world.callers.check_all_ended();
    assert_eq!(world.totals().migrations, 2);
    assert_eq!(world.totals().failed_migrations, 1);
}

#[test]
fn a_socket_that_is_closed_ends_the_wait_for_its_migration() {
    let mut world = holding(2, 1);
    world.drop_stream(&topic(1));
    world.take_changes();
    world.pass(SECOND * 2);
    world.migrate();
    world.settle();
    world.callers.check_all_ended();
    assert_eq!(world.pool.condition().sockets, 1);
}

#[test]
fn a_retry_connects_all_sockets_without_the_rest_of_their_backoff() {
    let mut world = holding(2, 1);
    for link in world.open_links() {
        world.lose(link, &Lost::Broken(None));
    }
    world.retry_now();
    assert_eq!(world.opening_links().len(), 2);
    world.retry_now();
    assert_eq!(world.opening_links().len(), 2, "one attempt at a time");
    world.settle();
    world.retry_now();
    assert_eq!(world.open_links().len(), 2);
    assert_eq!(world.totals().connects, 4);
}

#[test]
fn there_is_nothing_to_migrate_before_the_first_connection() {
    let mut world = World::new(config());
    world.migrate();
    world.callers.check_all_ended();
    world.settle();
    assert_eq!(world.totals().migrations, 0);
}

#[test]
fn all_sockets_together_have_one_batch_in_flight() {
    let config = config().batch(true).subscriptions_per_socket(3);
    let mut world = World::new(config);
    (1..9)
        .filter(|number| number % 3 > 0)
        .for_each(|number| world.subscribe(topic(number)));
    world.take_changes();
    let batches = |world: &World| {
        let asked = world
            .server
            .sockets
            .values()
            .flat_map(|socket| &socket.asked);
        asked
            .filter(|(_, request)| &*request.path == "subscription/batch")
            .count()
    };
    for link in world.opening_links() {
        world.accept(link);
    }
    world.token();
    for link in world.open_links() {
        world.write(link);
    }
    assert_eq!(batches(&world), 1);
    let first = world.open_links()[0];
    world.serve(first, Reply::Do);
    world.arrive(first);
    world.token();
    for link in world.open_links() {
        world.write(link);
    }
    assert_eq!(batches(&world), 1, "now the other socket's");
    world.settle();
    assert_eq!(world.server.held().len(), 6);
}

#[test]
fn an_account_that_is_refused_ends_all_sockets() {
    let mut world = holding(2, 1);
    world.call();
    let links = world.open_links();
    world.lose(links[1], &Lost::Broken(None));
    world.pass(SECOND);
    let kind = ErrorKind::Unauthorized { status: None };
    let opening = world.opening_links()[0];
    world.reject(opening, OpenFailure::Final(Error::new(kind, "connecting")));
    assert!(world.pool.condition().state.is_closed());
    assert!(world.server.sockets.is_empty());
    world.callers.check_all_ended();
    assert_eq!(world.pool.deadline(), None);
}

#[test]
fn a_dropped_call_is_removed() {
    let mut world = holding(0, 1);
    world.call();
    world.callers.drop_first();
    world.token();
    world.callers.check_all_ended();
    world.pool.check_rest(0);
}
