use super::rig::{Reply, Rig, config, gaps, holding, topic};
use crate::error::{Error, ErrorKind, Sent};
use crate::socket::SocketState;
use alta_socket::Lost;
use std::io::ErrorKind as ErrorOf;
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn closed(code: u16) -> Lost {
    let reason = String::new();
    Lost::Closed { code, reason }
}

#[test]
fn a_server_that_does_not_migrate_gets_few_requests_to_migrate() {
    let mut rig = holding(&[1]);
    let call = rig.migrate();
    rig.serve(rig.main(), Reply::Refuse(404));
    rig.arrive(rig.main());
    assert!(rig.end_of(call).is_err());
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
    assert!(rig.end_of(call).is_ok());
    rig.settle();
    rig.pass(SECOND * 10);
    assert_eq!(rig.links().len(), 1);
    assert_eq!(
        (rig.held().len(), rig.closed.as_slice()),
        (3, [3000].as_slice())
    );
    assert!(gaps(&rig).iter().all(Option::is_none));
}

/// Continues a migration until the new link has sent the token.
fn posting(topics: &[i64]) -> (Rig, u64) {
    let mut rig = holding(topics);
    let call = rig.migrate();
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    rig.accept();
    assert_eq!(rig.asked(), ["POST migrate"]);
    (rig, call)
}

#[test]
fn a_migration_whose_old_link_is_lost_before_the_reply_leaves_a_gap() {
    let (mut rig, call) = posting(&[1, 2]);
    rig.serve(rig.newest(), Reply::Do);
    rig.pass(SECOND);
    rig.lose(rig.main());
    rig.arrive(rig.newest());
    assert!(rig.end_of(call).is_ok());
    assert_eq!(gaps(&rig), [Some(SECOND), Some(SECOND)]);
    assert_eq!(rig.held().len(), 2);
}

#[test]
fn a_migration_whose_new_link_is_lost_before_the_reply_subscribes_anew() {
    let (mut rig, call) = posting(&[1, 2]);
    rig.lose(rig.newest());
    assert!(rig.end_of(call).is_err());
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
    assert!(rig.end_of(call).is_err());
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
    // With a shorter age alone, it does not migrate all the time.
    let young = config()
        .migrate_after(SECOND * 60)
        .migrate_spread(SECOND * 300);
    let mut core = Rig::open(young).socket.core;
    let mut times = (0..100).map(|_| core.next_migration(now) - now);
    assert!(times.all(|time| time >= SECOND * 30));
}

#[test]
fn closing_ends_every_call_and_every_link() {
    let (mut rig, migration) = posting(&[1]);
    let call = rig.call();
    rig.close(&Error::closed(
        alta_socket::Closed::ByUs,
        "using the client",
    ));
    assert!(rig.links().is_empty());
    for call in [call, migration] {
        let error = rig.end_of(call).as_ref().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
    }
    assert_eq!(rig.socket.deadline(), None);
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
    assert!(rig.end_of(call).is_ok());

    rig.pass(SECOND * 10);
    let call = rig.migrate();
    for _ in 0..2 {
        rig.serve(rig.main(), Reply::Refuse(401));
        rig.arrive(rig.main());
    }
    assert!(rig.end_of(call).is_err(), "once");
    assert_eq!(rig.state(), SocketState::Ready);
}

#[test]
fn an_access_token_that_expired_before_the_last_step_leaves_a_gap() {
    let (mut rig, call) = posting(&[1, 2]);
    rig.serve(rig.newest(), Reply::Refuse(401));
    rig.arrive(rig.newest());
    assert_eq!(rig.renewals, 1);
    assert!(rig.end_of(call).is_err());
    rig.settle();
    assert!(gaps(&rig).iter().all(Option::is_some));
    assert_eq!((rig.held().len(), rig.links().len()), (2, 1));
}

#[test]
fn a_migration_during_whose_first_step_the_link_is_lost_has_failed() {
    let mut rig = holding(&[1]);
    let call = rig.migrate();
    rig.lose(rig.main());
    assert!(rig.end_of(call).is_err());
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
fn a_migration_whose_last_request_was_not_sent_keeps_the_old_link() {
    let ways: [fn(&mut Rig); 3] = [
        |rig| rig.no_token(rig.newest(), 1),
        |rig| rig.lose(rig.newest()),
        |rig| rig.pass(SECOND * 30),
    ];
    for fails in ways {
        let mut rig = holding(&[1]);
        let call = rig.migrate();
        rig.serve(rig.main(), Reply::Do);
        rig.arrive(rig.main());
        rig.held_back = true;
        rig.accept();
        fails(&mut rig);
        assert!(rig.end_of(call).is_err());
        assert_eq!(rig.state(), SocketState::Ready);
        assert_eq!(
            (rig.links().len(), rig.closed.as_slice()),
            (1, [3001].as_slice())
        );
        // And continues after a while.
        rig.held_back = false;
        rig.pass(SECOND);
        assert_eq!(rig.asked(), ["GET migrate"]);
        rig.settle();
        assert_eq!((rig.totals().migrations, rig.totals().gaps), (1, 0));
    }
}

#[test]
fn a_migration_whose_last_request_was_not_sent_does_not_restore_a_lost_link() {
    let mut rig = holding(&[1]);
    rig.migrate();
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    rig.held_back = true;
    rig.accept();
    rig.lose(rig.main());
    rig.no_token(rig.newest(), 1);
    rig.held_back = false;
    rig.settle();
    assert_eq!(rig.held().len(), 1);
    assert!(matches!(gaps(&rig)[..], [Some(_)]));
}

#[test]
fn an_event_in_another_form_on_the_other_link_is_a_duplicate() {
    let (mut rig, _) = posting(&[1]);
    rig.serve(rig.newest(), Reply::Do);
    rig.arrive(rig.newest());
    let usual = r#"{"id":0,"event":"group-update","key":"1","content":"7","responseCode":200}"#;
    let other = r#"{"event":"group-update","key":"1","content":"7"}"#;
    rig.text(rig.main(), usual);
    rig.text(rig.newest(), other);
    assert_eq!(rig.delivered[&7], 1);
}

#[test]
fn the_last_duplicates_are_filtered_after_the_handover_and_a_later_equal_event_is_not() {
    let (mut rig, _) = posting(&[1]);
    rig.serve(rig.newest(), Reply::Do);
    rig.arrive(rig.newest());
    let old = rig.links().into_iter().min().unwrap();
    let event = |number: u32| {
        format!(
            r#"{{"id":0,"event":"group-update","key":"1","content":"{number}","responseCode":200}}"#
        )
    };
    rig.text(old, &event(1));
    rig.pass(SECOND / 100 * 999);
    rig.text(old, &event(2));
    rig.pass(SECOND / 10);
    assert_eq!(rig.closed, [3000], "the handover is over");
    assert_eq!(rig.state(), SocketState::Ready);
    rig.text(rig.main(), &event(2));
    assert_eq!(rig.delivered[&2], 1, "a copy");
    rig.text(rig.main(), &event(2));
    assert_eq!(rig.delivered[&2], 2, "not another one");
    rig.text(rig.main(), &event(1));
    assert_eq!(rig.delivered[&1], 2, "long after the first");
    rig.pass(SECOND * 2);
    rig.text(rig.main(), &event(2));
    assert_eq!(rig.delivered[&2], 3);
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
        assert!(!rig.ended.contains_key(&call), "the reply can arrive soon");
        rig.pass(SECOND);
        let error = rig.end_of(call).as_ref().unwrap_err();
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
    assert!(rig.end_of(call).is_err());
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
        assert!(rig.end_of(call).is_err());
        rig.settle();
        assert_eq!((rig.held().len(), rig.links().len()), (1, 1));
        assert!(matches!(gaps(&rig)[..], [Some(_)]));
    }
}

/// Continues a migration up to a step, and ends it there.
type Begin = fn() -> (Rig, u64);
type End = fn(&mut Rig);

/// A migration that is about to begin, while another request is in flight.
fn about_to_ask() -> (Rig, u64) {
    let mut rig = holding(&[1]);
    rig.want(&topic(2));
    let call = rig.migrate();
    (rig, call)
}

/// A migration whose first step was requested.
fn asking(written: bool) -> (Rig, u64) {
    let mut rig = holding(&[1]);
    rig.held_back = !written;
    let call = rig.migrate();
    assert_eq!(rig.asked(), ["GET migrate"]);
    (rig, call)
}

/// A migration whose new link is being opened.
fn opening() -> (Rig, u64) {
    let (mut rig, call) = asking(true);
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    (rig, call)
}

/// A migration whose last step was not written.
fn about_to_post() -> (Rig, u64) {
    let (mut rig, call) = opening();
    rig.held_back = true;
    rig.accept();
    (rig, call)
}

/// A migration that was requested during the handover of the one before.
fn the_next_one() -> (Rig, u64) {
    let (mut rig, _) = posting(&[1]);
    rig.serve(rig.newest(), Reply::Do);
    rig.arrive(rig.newest());
    let call = rig.migrate();
    (rig, call)
}

#[test]
fn promise_05_an_early_end_of_a_migration_says_whether_its_request_was_sent() {
    let lose_main: End = |rig| rig.lose(rig.main());
    let lose_newest: End = |rig| rig.lose(rig.newest());
    let close: End = |rig| {
        rig.close(&Error::closed(
            alta_socket::Closed::ByUs,
            "using the client",
        ));
    };
    let reject: End = |rig| rig.reject(Rig::transient());
    let wait: End = |rig| rig.pass(SECOND * 31);
    let no_token: End = |rig| rig.no_token(rig.newest(), 1);
    let not_begun: Begin = about_to_ask;
    let unwritten: Begin = || asking(false);
    let asked: Begin = || asking(true);
    let posted: Begin = || posting(&[1]);
    let cases: [(&str, Begin, &[End], Sent); 6] = [
        ("not begun", not_begun, &[lose_main, close], Sent::NotSent),
        (
            "unwritten",
            unwritten,
            &[lose_main, close, wait],
            Sent::NotSent,
        ),
        ("asked", asked, &[lose_main, close, wait], Sent::MayHaveRun),
        (
            "opening",
            opening,
            &[lose_main, close, reject],
            Sent::MayHaveRun,
        ),
        (
            "unwritten last step",
            about_to_post,
            &[lose_newest, close, wait, no_token],
            Sent::MayHaveRun,
        ),
        (
            "posted",
            posted,
            &[lose_newest, close, wait],
            Sent::MayHaveRun,
        ),
    ];
    for (step, begin, ends, sent) in cases {
        for (number, end) in ends.iter().enumerate() {
            let (mut rig, call) = begin();
            end(&mut rig);
            let error = rig.end_of(call).as_ref().unwrap_err();
            assert_eq!(error.sent(), Some(sent), "{step}, end {number}: {error}");
            let told = error.to_string().ends_with(&sent.to_string());
            assert!(told, "{step}: {error}");
        }
    }
    for end in [lose_newest, close] {
        let (mut rig, call) = the_next_one();
        end(&mut rig);
        let error = rig.end_of(call).as_ref().unwrap_err();
        assert_eq!(error.sent(), Some(Sent::NotSent), "{error}");
    }
}
