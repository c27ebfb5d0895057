use super::SECOND;
use super::begin::posting;
use crate::error::{ErrorKind, Sent};
use crate::socket::SocketState;
use crate::socket::tests::rig::{Rig, config, gaps, holding, topic};
use crate::test_server::Reply;
use alta_socket::Lost;
use std::io::ErrorKind as ErrorOf;
use std::sync::Arc;

fn closed(code: u16) -> Lost {
    let reason = String::new();
    Lost::Closed { code, reason }
}

#[test]
fn a_migration_whose_old_link_is_lost_before_the_reply_leaves_a_gap() {
    let (mut rig, call) = posting(&[1, 2]);
    rig.serve(rig.newest(), Reply::Do);
    rig.pass(SECOND);
    rig.lose(rig.main());
    rig.arrive(rig.newest());
    assert!(rig.callers.end_of(call).is_ok());
    assert_eq!(gaps(&rig), [Some(SECOND), Some(SECOND)]);
    assert_eq!(rig.held().len(), 2);
}

#[test]
fn a_migration_whose_new_link_is_lost_before_the_reply_subscribes_anew() {
    let (mut rig, call) = posting(&[1, 2]);
    rig.lose(rig.newest());
    assert!(rig.callers.end_of(call).is_err());
    assert_eq!(rig.closed, [3001, 3001]);
    rig.settle();
    assert_eq!(rig.held().len(), 2);
    assert!(gaps(&rig).iter().all(Option::is_some));
    assert_eq!(rig.totals().failed_migrations, 1);
}

#[test]
fn a_gap_after_a_failed_migration_begins_with_the_last_frame_before_it() {
    let mut rig = holding(&[1]);
    rig.pass(SECOND * 5);
    rig.pong(rig.main());
    rig.migrate();
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    let start = rig.now;
    rig.pass(SECOND);
    rig.accept();
    rig.pass(SECOND * 3);
    rig.happen(&topic(1));
    rig.arrive(rig.main());
    rig.serve(rig.newest(), Reply::Refuse(400));
    rig.arrive(rig.newest());
    rig.settle();
    let (_, gap) = &rig.confirmed[0];
    assert_eq!(gap.unwrap().0, start);
}

#[test]
fn a_link_that_is_lost_while_its_successor_opens_is_replaced_by_it() {
    let mut rig = holding(&[1]);
    let call = rig.migrate();
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    rig.lose(rig.main());
    assert!(rig.callers.end_of(call).is_err());
    rig.accept();
    assert_eq!(rig.asked(), ["POST subscription/group-update/1"]);
    rig.settle();
    assert_eq!(gaps(&rig).len(), 1);
    assert_eq!(rig.links().len(), 1);
}

#[test]
fn a_new_link_that_is_lost_in_the_handover_leaves_a_gap() {
    let (mut rig, _) = posting(&[1]);
    rig.serve(rig.newest(), Reply::Do);
    rig.arrive(rig.newest());
    rig.lose(rig.newest());
    assert!(rig.links().is_empty(), "the old one holds nothing");
    rig.pass(SECOND);
    rig.settle();
    assert!(matches!(gaps(&rig)[..], [Some(_)]));
}

#[test]
fn a_migration_during_whose_first_step_the_link_is_lost_has_failed() {
    let mut rig = holding(&[1]);
    let call = rig.migrate();
    rig.lose(rig.main());
    assert!(rig.callers.end_of(call).is_err());
    assert_eq!(rig.totals().failed_migrations, 1);
}

#[test]
fn a_regular_close_of_the_old_link_in_the_handover_leaves_no_gap_and_a_broken_link_does() {
    for (lost, expected) in [
        (Lost::Broken(None), 0),
        (closed(1001), 0),
        (
            Lost::Broken(Some(Arc::new(ErrorOf::ConnectionReset.into()))),
            2,
        ),
        (Lost::InvalidUtf8, 2),
    ] {
        let (mut rig, _) = posting(&[1, 2]);
        let moved = rig.now;
        rig.serve(rig.newest(), Reply::Do);
        rig.arrive(rig.newest());
        rig.pass(SECOND);
        rig.lose_by(rig.main(), &lost);
        let gaps: Vec<_> = rig.confirmed.iter().filter_map(|(_, gap)| *gap).collect();
        assert_eq!(gaps.len(), expected, "{lost}");
        assert!(
            gaps.iter()
                .all(|(since, until)| *since <= moved && *until == moved)
        );
        assert_eq!(rig.state(), SocketState::Migrating);
    }
}

#[test]
fn events_not_yet_read_from_the_old_link_when_the_new_one_is_lost_are_in_the_gap() {
    for in_order in [false, true] {
        let (mut rig, _) = posting(&[1]);
        rig.happen(&topic(1));
        let happened = rig.now;
        rig.serve(rig.newest(), Reply::Do);
        rig.arrive(rig.newest());
        rig.pass(SECOND);
        if in_order {
            rig.arrive(rig.main());
            rig.lose(rig.main());
        }
        rig.pong(rig.newest());
        let heard = rig.now;
        rig.pass(SECOND);
        rig.lose(rig.newest());
        rig.settle();
        rig.pass(SECOND);
        rig.settle();
        let (_, gap) = rig.confirmed.last().unwrap();
        let since = if in_order { heard } else { happened };
        assert_eq!(gap.unwrap().0, since);
    }
}

#[test]
fn the_end_of_the_old_link_ends_the_wait_for_the_reply() {
    for silently in [false, true] {
        let (mut rig, call) = posting(&[1, 2]);
        let heard = rig.now;
        if silently {
            // The server has moved the subscriptions, and the reply was lost.
            rig.serve(rig.newest(), Reply::DoSilently);
        }
        rig.pass(SECOND * 5);
        rig.lose(rig.main());
        assert!(!rig.callers.has_ended(call), "the reply can arrive soon");
        rig.pass(SECOND);
        let error = rig.callers.end_of(call).as_ref().unwrap_err();
        let sent = Sent::MayHaveRun;
        assert_eq!(*error.kind(), ErrorKind::Disconnected { sent });
        rig.settle();
        assert_eq!((rig.held().len(), rig.links().len()), (2, 1));
        assert_eq!(gaps(&rig), [Some(SECOND * 6), Some(SECOND * 6)]);
        assert!(rig.confirmed.iter().all(|(_, gap)| gap.unwrap().0 == heard));
        assert_eq!(rig.totals().failed_migrations, 1);
    }
}

#[test]
fn a_silent_old_link_ends_the_wait_for_the_reply_too() {
    let patient = config()
        .ping_interval(SECOND * 10)
        .request_timeout(SECOND * 300);
    let mut rig = Rig::open(patient);
    rig.want(&topic(1));
    rig.settle();
    rig.confirmed.clear();
    let call = rig.migrate();
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    rig.accept();
    for _ in 0..5 {
        rig.pass(SECOND * 5);
        rig.pong(rig.newest());
    }
    assert!(rig.callers.end_of(call).is_err());
    rig.settle();
    assert_eq!(rig.held().len(), 1);
    assert!(matches!(gaps(&rig)[..], [Some(_)]));
}

#[test]
fn both_links_that_end_before_the_reply_leave_a_gap_at_once() {
    for old_first in [true, false] {
        let (mut rig, call) = posting(&[1]);
        let (old, new) = (rig.main(), rig.newest());
        let (first, second) = if old_first { (old, new) } else { (new, old) };
        rig.lose(first);
        rig.lose(second);
        assert!(rig.callers.end_of(call).is_err());
        rig.settle();
        assert_eq!((rig.held().len(), rig.links().len()), (1, 1));
        assert!(matches!(gaps(&rig)[..], [Some(_)]));
    }
}
