//! Moments at which two things meet, over loopback sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use alta_sim::{Action, Fault, Hook};
use att_console::event::PlayerJoined;
use att_console::{
    Access, AccessError, Closed, Console, ConsoleAccess, ErrorKind, Sent, State, WhenNotReady,
};
use common::{access, config, next, ready, self_hosted, within};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

fn commands(sim: &alta_sim::Sim) -> Vec<String> {
    sim.received()
        .iter()
        .filter_map(alta_sim::Received::command)
        .collect()
}

#[tokio::test]
async fn promise_04_a_stream_that_comes_while_the_last_one_is_unsubscribed_is_confirmed_anew() {
    let (sim, server) = self_hosted().await;
    let quick = config().linger(Duration::from_millis(10));
    let console = Console::open_with(access(&sim, server), quick);
    let first = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let late = Action::Delay(Duration::from_millis(200));
    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, late).containing("websocket unsubscribe"));
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
async fn promise_05_a_full_room_keeps_nobody_beyond_his_time() {
    let (sim, server) = self_hosted().await;
    sim.stop_server(server).await.unwrap();
    let console = Console::open_with(access(&sim, server), config().max_pending(1));
    let long = console
        .command("player count")
        .timeout(Duration::from_secs(5))
        .into_future();
    let short = async {
        while console.status().waiting == 0 {
            tokio::task::yield_now().await;
        }
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
async fn promise_05_what_was_not_to_wait_does_not_wait_for_a_lost_connection_either() {
    let (sim, server) = self_hosted().await;
    let console = Console::open_with(access(&sim, server), config().max_in_flight(1));
    within(console.ready()).await.unwrap();
    sim.stall_console(server);
    let sent = console.command("player count").into_future();
    let queued = console
        .command("player list")
        .when_not_ready(WhenNotReady::Fail)
        .into_future();
    let stopping = async {
        while console.status().waiting == 0 {
            tokio::task::yield_now().await;
        }
        sim.stop_server(server).await.unwrap();
    };
    let (sent, queued, ()) = within(async { tokio::join!(sent, queued, stopping) }).await;
    assert_eq!(sent.unwrap_err().sent(), Some(Sent::MayHaveRun));
    assert_eq!(*queued.unwrap_err().kind(), ErrorKind::NotReady);
    assert!(!commands(&sim).contains(&"player list".to_owned()));
}

#[tokio::test]
async fn times_that_never_come_are_times_like_others() {
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
    let console = Console::open_with(access(&sim, server), patient);
    within(console.ready()).await.unwrap();
    drop(within(console.subscribe::<PlayerJoined>()).await.unwrap());
    within(console.command("player count")).await.unwrap();
    assert_eq!(console.status().state, State::Ready);
}

#[tokio::test]
async fn promise_09_an_address_that_nothing_can_be_dialed_at_closes_the_console_at_once() {
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

/// An access whose author made a mistake.
struct Panics;

impl Access for Panics {
    fn access(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<ConsoleAccess, AccessError>> + Send + '_>> {
        Box::pin(async { panic!("a mistake in the program") })
    }
}

#[tokio::test]
async fn a_panic_in_the_programs_own_access_leaves_nobody_waiting() {
    let console = Console::open_with(Panics, config());
    let mut joins = console.subscribe::<PlayerJoined>().start();
    let error = within(console.ready()).await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Closed {
                because: Closed::Broken
            }
        ),
        "{error}"
    );
    assert!(within(joins.next()).await.is_none());
}

#[tokio::test]
async fn promise_07_an_event_name_is_a_name_and_nothing_else() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    for name in ["Foo\nplayer kill \"*\"", "PlayerJoined now", "", "a;b"] {
        let error = within(console.subscribe_to([name])).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
        drop(console.subscribe_to([name]).start());
    }
    within(console.command("player count")).await.unwrap();
    assert_eq!(commands(&sim), ["player count"]);
}
