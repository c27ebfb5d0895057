use super::SECOND;
use super::begin::{about_to_ask, about_to_post, asking, opening, posting, the_next_one};
use crate::error::{Error, ErrorKind, Sent};
use crate::socket::SocketState;
use crate::socket::tests::rig::{Rig, gaps, holding};
use crate::test_server::Reply;

/// Continues a migration up to a step, and ends it there.
type Begin = fn() -> (Rig, u64);
type End = fn(&mut Rig);

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
        let error = rig.callers.end_of(call).as_ref().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
    }
    assert_eq!(rig.socket.deadline(), None);
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
        assert!(rig.callers.end_of(call).is_err());
        assert_eq!(rig.state(), SocketState::Ready);
        assert_eq!(
            (rig.links().len(), rig.closed.as_slice()),
            (1, [3001].as_slice())
        );
        // Another attempt follows.
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
            let error = rig.callers.end_of(call).as_ref().unwrap_err();
            assert_eq!(error.sent(), Some(sent), "{step}, end {number}: {error}");
            let told = error.to_string().ends_with(&sent.to_string());
            assert!(told, "{step}: {error}");
        }
    }
    for end in [lose_newest, close] {
        let (mut rig, call) = the_next_one();
        end(&mut rig);
        let error = rig.callers.end_of(call).as_ref().unwrap_err();
        assert_eq!(error.sent(), Some(Sent::NotSent), "{error}");
    }
}
