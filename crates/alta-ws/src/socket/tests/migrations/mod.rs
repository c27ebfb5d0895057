mod begin;
mod duplicates;
mod ends;
mod losses;

use super::rig::{Rig, config, gaps, holding, topic};
use crate::socket::SocketState;
use crate::test_server::Reply;
use begin::posting;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_server_that_does_not_migrate_gets_few_requests_to_migrate() {
    let mut rig = holding(&[1]);
    let call = rig.migrate();
    rig.serve(rig.main(), Reply::Refuse(404));
    rig.arrive(rig.main());
    assert!(rig.callers.end_of(call).is_err());
    for _ in 0..14 {
        rig.pass(SECOND * 20);
        rig.pong(rig.main());
    }
    assert!(rig.asked().is_empty());
    rig.pass(SECOND * 20);
    assert_eq!(rig.asked(), ["GET migrate"]);
    assert_eq!(rig.totals().gaps, 0);
}

#[test]
fn a_migration_waits_for_requests_in_flight() {
    let mut rig = holding(&[1]);
    rig.want(&topic(2));
    let call = rig.migrate();
    rig.want(&topic(3));
    assert_eq!(rig.asked(), ["POST subscription/group-update/2"]);
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    assert_eq!(rig.asked(), ["GET migrate"]);
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    rig.accept();
    assert_eq!(rig.asked(), ["POST migrate"]);
    rig.serve(rig.newest(), Reply::Do);
    rig.arrive(rig.newest());
    assert_eq!(rig.asked(), ["POST subscription/group-update/3"]);
    assert!(
        rig.server.sockets[&rig.newest()].asked.len() == 1,
        "on the new link"
    );
    assert!(rig.callers.end_of(call).is_ok());
    rig.settle();
    rig.pass(SECOND * 10);
    assert_eq!(rig.links().len(), 1);
    assert_eq!(
        (rig.held().len(), rig.closed.as_slice()),
        (3, [3000].as_slice())
    );
    assert!(gaps(&rig).iter().all(Option::is_none));
}

#[test]
fn a_migration_begins_at_its_time() {
    let mut rig = holding(&[]);
    for _ in 0..109 {
        rig.pass(SECOND * 30);
        rig.pong(rig.main());
        rig.pass(SECOND * 30);
        rig.pong(rig.main());
    }
    assert!(rig.asked().is_empty());
    rig.pass(SECOND * 30);
    rig.pong(rig.main());
    rig.pass(SECOND * 30);
    assert_eq!(rig.asked(), ["GET migrate"]);
}

#[test]
fn migrations_begin_at_random_times() {
    let spread = config().migrate_spread(SECOND * 300);
    let mut core = Rig::open(spread).socket.core;
    let now = std::time::Instant::now();
    let times: Vec<_> = (0..100).map(|_| core.next_migration(now) - now).collect();
    assert!(
        times
            .iter()
            .all(|time| *time > SECOND * 105 * 60 && *time <= SECOND * 110 * 60)
    );
    assert!(times.iter().any(|time| *time < SECOND * 107 * 60));
    assert!(times.iter().any(|time| *time > SECOND * 108 * 60));
    // With a maximum age below the spread, it does not migrate all the time.
    let young = config()
        .migrate_after(SECOND * 60)
        .migrate_spread(SECOND * 300);
    let mut core = Rig::open(young).socket.core;
    let mut times = (0..100).map(|_| core.next_migration(now) - now);
    assert!(times.all(|time| time >= SECOND * 30));
}

#[test]
fn an_access_token_that_expired_is_renewed_before_the_migration_goes_on() {
    let mut rig = holding(&[1]);
    let call = rig.migrate();
    rig.serve(rig.main(), Reply::Refuse(401));
    rig.arrive(rig.main());
    assert_eq!(
        (rig.asked(), rig.renewals),
        (vec!["GET migrate".to_owned()], 1)
    );
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    rig.settle();
    assert!(rig.callers.end_of(call).is_ok());

    rig.pass(SECOND * 10);
    let call = rig.migrate();
    for _ in 0..2 {
        rig.serve(rig.main(), Reply::Refuse(401));
        rig.arrive(rig.main());
    }
    assert!(rig.callers.end_of(call).is_err(), "once");
    assert_eq!(rig.state(), SocketState::Ready);
}

#[test]
fn an_access_token_that_expired_before_the_last_step_leaves_a_gap() {
    let (mut rig, call) = posting(&[1, 2]);
    rig.serve(rig.newest(), Reply::Refuse(401));
    rig.arrive(rig.newest());
    assert_eq!(rig.renewals, 1);
    assert!(rig.callers.end_of(call).is_err());
    rig.settle();
    assert!(gaps(&rig).iter().all(Option::is_some));
    assert_eq!((rig.held().len(), rig.links().len()), (2, 1));
}
