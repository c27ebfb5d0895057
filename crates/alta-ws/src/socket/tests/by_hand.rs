use super::rig::{Rig, config, gaps, holding, topic};
use crate::error::{Error, ErrorKind, Sent};
use crate::socket::{OpenFailure, SocketState};
use crate::test_server::{GATEWAY, Reply};
use alta_socket::BackoffPolicy;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn several_losses_before_the_confirmation_are_one_gap_from_the_first() {
    let mut rig = holding(&[1]);
    rig.pass(SECOND * 5);
    rig.pong(rig.main());
    for _ in 0..3 {
        rig.pass(SECOND);
        rig.lose(rig.main());
        rig.pass(SECOND);
        rig.accept();
    }
    rig.settle();
    assert_eq!(gaps(&rig), [Some(SECOND * 6)]);
    assert_eq!(rig.totals().connects, 4);
}

#[test]
fn a_topic_that_was_never_held_has_no_gap() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    rig.lose(rig.main());
    rig.pass(SECOND);
    rig.settle();
    assert_eq!(gaps(&rig), [None]);
}

#[test]
fn a_reader_of_a_held_topic_is_confirmed_at_once() {
    let mut rig = holding(&[1]);
    rig.want(&topic(1));
    assert_eq!(gaps(&rig), [None]);
    assert!(rig.asked().is_empty());
}

#[test]
fn a_topic_without_streams_is_unsubscribed_after_the_linger_and_not_before() {
    let mut rig = holding(&[1]);
    rig.unwant(&topic(1));
    rig.pass(Duration::from_millis(1_999));
    assert!(rig.asked().is_empty());
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.asked(), ["DELETE subscription/group-update/1"]);
    rig.settle();
    assert_eq!(rig.released, [topic(1)]);
    assert!(rig.socket.is_empty());
}

#[test]
fn a_topic_that_is_wanted_again_during_its_unsubscription_is_subscribed_after_the_reply() {
    let mut rig = holding(&[1]);
    rig.unwant(&topic(1));
    rig.pass(SECOND * 2);
    rig.want(&topic(1));
    assert_eq!(
        rig.asked(),
        ["DELETE subscription/group-update/1"],
        "one at a time"
    );
    assert!(rig.confirmed.is_empty(), "not known yet");
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    assert_eq!(rig.asked(), ["POST subscription/group-update/1"]);
    rig.settle();
    assert_eq!(gaps(&rig), [None]);
}

#[test]
fn a_topic_without_streams_that_may_be_held_is_unsubscribed() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    rig.serve(rig.main(), Reply::DoSilently);
    rig.unwant(&topic(1));
    for _ in 0..100 {
        rig.pass(SECOND);
        rig.pong(rig.main());
        rig.settle();
    }
    assert!(rig.held().is_empty());
    assert!(rig.socket.is_empty());
}

#[test]
fn a_gateway_error_that_can_mean_several_requests_ends_none_before_its_timeout() {
    let mut rig = Rig::open(config());
    let calls = [rig.call(), rig.call()];
    rig.text(rig.main(), GATEWAY);
    assert_eq!(rig.callers.ended(), 0);
    rig.pass(SECOND * 30);
    for call in calls {
        assert_eq!(rig.callers.no_reply(call), Some(Sent::MayHaveRun));
    }
    let only = rig.call();
    rig.text(rig.main(), GATEWAY);
    let error = rig.callers.end_of(only).as_ref().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Gateway { .. }), "{error}");
    assert_eq!(rig.totals().gateway_errors, 2);
}

#[test]
fn a_late_reply_is_counted_and_ends_no_other_call() {
    let mut rig = Rig::open(config());
    let first = rig.call();
    rig.pass(SECOND * 30);
    let second = rig.call();
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    assert_eq!(rig.callers.no_reply(first), Some(Sent::MayHaveRun));
    assert_eq!(rig.totals().late_replies, 1);
    assert!(!rig.callers.has_ended(second));
}

#[test]
fn a_call_that_waits_for_a_connection_times_out_and_was_not_sent() {
    let mut rig = Rig::new(config());
    let call = rig.call();
    rig.pass(SECOND * 30);
    assert_eq!(rig.callers.no_reply(call), Some(Sent::NotSent));
    rig.accept();
    assert!(rig.asked().is_empty());
}

#[test]
fn a_token_that_is_refused_twice_is_a_refusal() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    for renewals in 1..=2 {
        rig.serve(rig.main(), Reply::Refuse(401));
        rig.arrive(rig.main());
        assert_eq!(rig.renewals, renewals);
    }
    assert!(rig.asked().is_empty());
    let (_, error) = &rig.refused[0];
    assert!(
        matches!(error.kind(), ErrorKind::Refused { status: 401, .. }),
        "{error}"
    );
}

#[test]
fn an_upgrade_that_is_refused_twice_is_final() {
    let mut rig = Rig::new(config());
    rig.reject(Rig::unauthorized());
    assert!(rig.renewing, "with another token");
    assert!(rig.fatal.is_none());
    rig.reject(Rig::unauthorized());
    let error = rig.fatal.as_ref().unwrap();
    assert!(
        matches!(error.kind(), ErrorKind::Unauthorized { .. }),
        "{error}"
    );
}

#[test]
fn a_token_that_cannot_be_renewed_now_is_renewed_later() {
    let mut rig = Rig::new(config());
    rig.reject(Rig::unauthorized());
    for _ in 0..3 {
        let no_token = Error::new(ErrorKind::NoToken, "connecting");
        rig.reject(OpenFailure::NoToken(no_token));
        rig.pass(SECOND * 60);
        assert!(rig.renewing);
    }
    // It was renewed, but the host is unreachable: that is no reason to renew it again.
    rig.reject(Rig::transient());
    rig.pass(SECOND * 60);
    assert!(!rig.renewing);
    rig.accept();
    assert_eq!(rig.state(), SocketState::Ready);
}

#[test]
fn a_refusal_has_the_servers_message_when_there_is_no_other_token() {
    let mut rig = Rig::new(config());
    rig.reject(Rig::unauthorized());
    let kind = ErrorKind::Unauthorized { status: None };
    rig.reject(OpenFailure::Final(Error::new(kind, "connecting")));
    let error = rig.fatal.as_ref().unwrap();
    let status = Some(401);
    assert_eq!(*error.kind(), ErrorKind::Unauthorized { status });
}

#[test]
fn pauses_grow_while_connections_open_and_stay_silent() {
    let mut rig = Rig::new(config());
    for _ in 0..8 {
        rig.accept();
        rig.lose(rig.main());
        rig.pass(SECOND * 60);
    }
    rig.accept();
    rig.lose(rig.links().pop().unwrap());
    let SocketState::Recovering { attempt, .. } = rig.state() else {
        panic!("{:?}", rig.state());
    };
    assert_eq!(attempt, 9);
    rig.pass(SECOND * 60);
    rig.accept();
    rig.pong(rig.main());
    rig.lose(rig.main());
    assert!(matches!(
        rig.state(),
        SocketState::Recovering { attempt: 1, .. }
    ));
}

#[test]
fn a_gateway_error_is_no_reply_to_a_request_that_was_not_sent() {
    let mut rig = Rig::open(config());
    rig.held_back = true;
    let call = rig.call();
    rig.text(rig.main(), GATEWAY);
    assert!(!rig.callers.has_ended(call));
}

#[test]
fn a_token_that_is_refused_again_much_later_is_renewed_again() {
    let mut rig = Rig::new(config());
    rig.reject(Rig::unauthorized());
    rig.reject(Rig::transient());
    rig.pass(SECOND * 60);
    rig.reject(Rig::unauthorized());
    assert!(rig.fatal.is_none() && rig.renewing);
}

#[test]
fn very_long_durations_are_accepted() {
    let never = Duration::MAX;
    let config = config()
        .ping_interval(never)
        .request_timeout(never)
        .migrate_after(never)
        .handover(never)
        .linger(never)
        .backoff(BackoffPolicy::new(never, never));
    let mut rig = Rig::open(config);
    rig.want(&topic(1));
    rig.serve(rig.main(), Reply::Refuse(503));
    rig.arrive(rig.main());
    rig.want(&topic(2));
    rig.settle();
    rig.unwant(&topic(2));
    rig.migrate();
    rig.settle();
    rig.lose(rig.main());
    rig.lose(rig.newest());
    assert!(matches!(rig.state(), SocketState::Recovering { .. }));
}

#[test]
fn a_token_that_is_refused_after_the_last_one_was_taken_is_renewed_again() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    for (status, renewals) in [(401, 1), (503, 1), (401, 2)] {
        rig.serve(rig.main(), Reply::Refuse(status));
        rig.arrive(rig.main());
        rig.pass(SECOND);
        assert_eq!(rig.renewals, renewals);
        assert_eq!(rig.asked(), ["POST subscription/group-update/1"]);
    }
    assert!(rig.refused.is_empty());
}

#[test]
fn calls_that_wait_to_be_repeated_time_out_on_time() {
    let mut rig = Rig::open(config());
    let first = rig.call();
    rig.pass(SECOND);
    let second = rig.call();
    // Nothing else is sent meanwhile.
    rig.migrate();
    rig.pass(SECOND);
    let third = rig.call();
    for _ in [first, second] {
        rig.serve(rig.main(), Reply::Refuse(401));
        rig.arrive(rig.main());
    }
    rig.pass(SECOND * 28);
    assert_eq!(rig.callers.no_reply(first), Some(Sent::NotSent));
    rig.pass(SECOND);
    assert_eq!(rig.callers.no_reply(second), Some(Sent::NotSent));
    assert!(!rig.callers.has_ended(third));
}

#[test]
fn constant_raw_requests_do_not_delay_subscriptions() {
    let mut rig = Rig::open(config().max_in_flight(1));
    for _ in 0..5 {
        rig.call();
    }
    rig.want(&topic(1));
    for _ in 0..3 {
        rig.call();
        rig.serve(rig.main(), Reply::Do);
        rig.arrive(rig.main());
    }
    assert_eq!(rig.confirmed.len(), 1);
    assert_eq!(rig.callers.ended(), 2, "by turns");
}

#[test]
fn closing_a_socket_ends_the_wait_for_its_migration() {
    let mut rig = holding(&[1]);
    let call = rig.migrate();
    rig.retire();
    assert!(rig.callers.end_of(call).is_ok());
    assert_eq!(
        (rig.links().len(), rig.closed.as_slice()),
        (0, [1000].as_slice())
    );
}

#[test]
fn a_topic_without_streams_at_its_new_confirmation_has_no_gap() {
    let mut rig = holding(&[1]);
    rig.lose(rig.main());
    rig.pass(SECOND);
    rig.accept();
    rig.unwant(&topic(1));
    rig.settle();
    assert_eq!(rig.confirmed.len(), 1);
    assert_eq!(rig.totals().gaps, 0);
}

#[test]
fn promise_05_calls_that_end_with_the_client_say_whether_they_were_sent() {
    let mut rig = Rig::open(config().max_in_flight(1));
    let sent = rig.call();
    let waiting = rig.call();
    rig.close(&Error::closed(
        alta_socket::Closed::ByUs,
        "using the client",
    ));
    for (call, expected) in [(sent, Sent::MayHaveRun), (waiting, Sent::NotSent)] {
        let error = rig.callers.end_of(call).as_ref().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
        assert_eq!(error.sent(), Some(expected), "{error}");
    }
    let mut rig = Rig::open(config());
    let unfinished = rig.call();
    rig.text(rig.main(), GATEWAY);
    let error = rig.callers.end_of(unfinished).as_ref().unwrap_err();
    assert_eq!(error.sent(), Some(Sent::MayHaveRun), "{error}");
    let unsent = rig.call();
    rig.no_token(rig.main(), 2);
    let replied = rig.call();
    rig.serve(rig.main(), Reply::Ignore);
    rig.serve(rig.main(), Reply::Ignore);
    rig.serve(rig.main(), Reply::Refuse(404));
    rig.arrive(rig.main());
    let error = rig.callers.end_of(replied).as_ref().unwrap_err();
    assert_eq!(error.sent(), None, "{error}");
    let _ = unsent;
}
