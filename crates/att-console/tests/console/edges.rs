//! Races, extreme values and faults of the program.

use crate::common::{
    commands, config, fault, next, open, ready, ready_with, self_hosted, status, within,
};
use alta_sim::Action;
use att_console::event::PlayerJoined;
use att_console::{
    Access, AccessError, Closed, Console, ConsoleAccess, ErrorKind, Sent, State, WhenNotReady,
};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

#[tokio::test]
async fn promise_04_a_stream_opened_during_an_unsubscription_is_confirmed_again() {
    let (sim, server) = self_hosted().await;
    let quick = config().linger(Duration::from_millis(10));
    let console = open(&sim, server, quick);
    let first = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let late = Action::Delay(Duration::from_millis(200));
    fault(&sim, late, "websocket unsubscribe");
    drop(first);
    sim.wait_until(|sim| sim.console_subscriptions(server).is_empty())
        .await
        .unwrap();
    let mut second = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    assert_eq!(
        next(&mut second).await.unwrap().data.user.username,
        "Ashwick"
    );
}

#[tokio::test]
async fn promise_05_a_full_queue_holds_no_caller_beyond_its_timeout() {
    let (sim, server) = self_hosted().await;
    sim.stop_server(server).await.unwrap();
    let console = open(&sim, server, config().max_pending(1));
    let long = console
        .command("player count")
        .timeout(Duration::from_secs(5))
        .into_future();
    let short = async {
        status(&console, |status| status.waiting > 0).await;
        console
            .command("player list")
            .timeout(Duration::from_millis(100))
            .await
    };
    let error = tokio::select! {
        biased;
        long = long => panic!("{long:?}"),
        short = within(short) => short.unwrap_err(),
    };
    assert!(
        matches!(
            error.kind(),
            ErrorKind::TimedOut {
                sent: Sent::NotSent,
                ..
            }
        ),
        "{error}"
    );
    let at_once = console
        .command("player list")
        .when_not_ready(WhenNotReady::Fail);
    assert_eq!(
        *within(at_once).await.unwrap_err().kind(),
        ErrorKind::NotReady
    );
}

#[tokio::test]
async fn promise_05_a_command_that_must_not_wait_fails_when_the_connection_is_lost() {
    let (sim, server) = self_hosted().await;
    let console = ready_with(&sim, server, config().max_in_flight(1)).await;
    sim.stall_console(server);
    let sent = console.command("player count").into_future();
    let queued = console
        .command("player list")
        .when_not_ready(WhenNotReady::Fail)
        .into_future();
    let stopping = async {
        status(&console, |status| status.waiting > 0).await;
        sim.stop_server(server).await.unwrap();
    };
    let (sent, queued, ()) = within(async { tokio::join!(sent, queued, stopping) }).await;
    assert_eq!(sent.unwrap_err().sent(), Some(Sent::MayHaveRun));
    assert_eq!(*queued.unwrap_err().kind(), ErrorKind::NotReady);
    assert!(commands(&sim, "player list").is_empty());
}

#[tokio::test]
async fn durations_of_maximum_length_are_valid() {
    let (sim, server) = self_hosted().await;
    let never = Duration::MAX;
    let patient = config()
        .ping_interval(never)
        .login_timeout(never)
        .connect_timeout(never)
        .stalled_after(never)
        .linger(never)
        .resubscribe_after(vec![never])
        .request_timeout(never);
    let console = ready_with(&sim, server, patient).await;
    drop(within(console.subscribe::<PlayerJoined>()).await.unwrap());
    within(console.command("player count")).await.unwrap();
    assert_eq!(console.status().state, State::Ready);
}

#[tokio::test]
async fn promise_09_an_address_that_cannot_be_dialed_closes_the_console_at_once() {
    for (url, reason) in [
        ("http://127.0.0.1:1760", "its scheme is neither ws nor wss"),
        ("wss://127.0.0.1:1760", "it needs TLS"),
    ] {
        let access = ConsoleAccess::new(url.parse().unwrap(), "token".to_owned()).may_change();
        let console = Console::open_with(access, config());
        let error = within(console.subscribe::<PlayerJoined>())
            .await
            .unwrap_err();
        let ErrorKind::Closed {
            because: Closed::Address(why),
        } = error.kind()
        else {
            panic!("{error}")
        };
        assert!(why.starts_with(url) && why.contains(reason), "{why}");
        assert_eq!(error.sent(), Some(Sent::NotSent));
    }
}

/// An access that panics.
struct Panics;

impl Access for Panics {
    fn access(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<ConsoleAccess, AccessError>> + Send + '_>> {
        Box::pin(async { panic!("a mistake in the program") })
    }
}

#[tokio::test]
async fn a_panic_in_an_access_of_the_program_ends_every_wait() {
    let console = Console::open_with(Panics, config());
    let mut joins = console.subscribe::<PlayerJoined>().start();
    let error = within(console.ready()).await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Closed {
                because: Closed::Panicked
            }
        ),
        "{error}"
    );
    assert!(within(joins.next()).await.is_none());
}

#[tokio::test]
async fn promise_07_an_event_name_cannot_inject_a_command() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    for name in ["Foo\nplayer kill \"*\"", "PlayerJoined now", "", "a;b"] {
        let error = within(console.subscribe_to([name])).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
        drop(console.subscribe_to([name]).start());
    }
    within(console.command("player count")).await.unwrap();
    assert_eq!(commands(&sim, ""), ["player count"]);
}
