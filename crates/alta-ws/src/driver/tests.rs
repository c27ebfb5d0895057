//! The order of wake-ups, which a test over sockets cannot choose: here the test wakes the driver.

use super::*;
use crate::config::Config;
use crate::error::Sent;
use crate::frame::{Request, Response};
use crate::socket::{self, OpenFailure};
use crate::topic::Topic;
use alta_auth::{StaticToken, Token};
use alta_socket::test_util::{self, Once};
use alta_socket::{Driver as _, Machine as _, QueueConfig, TaskGuard, take_batch};
use http::Method;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

type PendingReply = oneshot::Receiver<Result<Response, Error>>;

/// A driver whose link is open, and the channel for calls.
async fn opened() -> (Driver, mpsc::Sender<Input>, TaskGuard) {
    let shared = Shared::new(Config::default());
    let (calls, inbox) = mpsc::channel(8);
    let (guard, shutdown) = test_util::guard().await;
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    // The server opens the connection and sends nothing.
    tokio::spawn(async move {
        let socket = tokio_tungstenite::accept_async(theirs).await;
        std::future::pending::<()>().await;
        drop(socket);
    });
    let mut driver = Driver::new(
        Arc::new(shared),
        Arc::new(StaticToken::new("a-token")),
        Arc::new(Once::new(ours)),
        HeaderMap::new(),
        inbox,
        shutdown,
    );
    settle(&mut driver);
    turn(&mut driver, 1).await;
    assert!(driver.core.machine.condition().state.is_connected());
    (driver, calls, guard)
}

fn ask(calls: &mpsc::Sender<Input>, owner: &Arc<()>) -> PendingReply {
    let (reply, receiver) = oneshot::channel();
    let call = socket::Call {
        request: Request::new(Method::GET, "coffee"),
        deadline: now() + Duration::from_secs(3_600),
        owner: Arc::downgrade(owner),
        reply,
        renewed: false,
    };
    calls.try_send(Input::Call(call)).unwrap();
    receiver
}

/// Handles this number of batches of wake-ups, and performs the outputs of each.
async fn turn(driver: &mut Driver, times: usize) {
    for _ in 0..times {
        take_batch(driver, None).await;
        settle(driver);
    }
}

/// Moves time by a minute, then wakes the driver by its timer.
async fn a_minute_later(driver: &mut Driver) {
    tokio::time::advance(Duration::from_secs(60)).await;
    take_batch(driver, Some(now())).await;
    settle(driver);
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_sent_request_may_have_run_whatever_ends_its_link() {
    let (mut driver, calls, _guard) = opened().await;
    a_minute_later(&mut driver).await;
    let owner = Arc::new(());
    let replies = [ask(&calls, &owner), ask(&calls, &owner)];
    // The calls, their token, and the reports that both were sent.
    turn(&mut driver, 3).await;
    a_minute_later(&mut driver).await;
    assert!(
        !driver.core.machine.condition().state.is_connected(),
        "it was silent"
    );
    for reply in replies {
        let error = reply.await.unwrap().unwrap_err();
        let sent = Sent::MayHaveRun;
        assert_eq!(*error.kind(), ErrorKind::Disconnected { sent });
    }
}

#[tokio::test(start_paused = true)]
async fn promise_11_calls_of_gone_callers_leave_nothing_in_memory() {
    let (mut driver, calls, _guard) = opened().await;
    // The caller is gone before the call is taken, before its token arrives, and before its frame is written.
    for (turns, more) in [(0, 2), (1, 1), (2, 1)] {
        let owner = Arc::new(());
        let reply = ask(&calls, &owner);
        turn(&mut driver, turns).await;
        drop((owner, reply));
        turn(&mut driver, more).await;
        driver.core.machine.check_rest(0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_a_link_does_not_change_the_token_of_requests() {
    let (mut driver, calls, _guard) = opened().await;
    let owner = Arc::new(());
    let _reply = ask(&calls, &owner);
    turn(&mut driver, 2).await;
    let token = driver.core.machine.token_of_requests();
    assert!(token.is_some());
    let kind = ErrorKind::Unauthorized { status: Some(401) };
    let refused = Token::new("an older one");
    let late = OpenFailure::Unauthorized(Error::new(kind, "connecting"), refused);
    let input = driver.link(LinkId::FIRST.next(), LinkEvent::Failed(late));
    driver.core.handle(input.unwrap());
    assert_eq!(driver.core.machine.token_of_requests(), token);
}

#[tokio::test(start_paused = true)]
async fn promise_11_gone_waiters_for_a_subscription_leave_nothing_in_memory() {
    let (mut driver, _calls, _guard) = opened().await;
    let topic = Topic::known("group-update", 7);
    let hub = &driver.shared.hub;
    let stream = hub.subscribe(vec![topic.clone()], QueueConfig::default());
    turn(&mut driver, 1).await;
    // Each waiter is gone before the next one begins.
    for _ in 0..100 {
        let (reply, _) = oneshot::channel();
        let ask = Input::Confirm(topic.clone(), reply);
        driver.core.machine.handle(ask, now());
    }
    assert_eq!(driver.core.machine.waiting(), 1);
    drop(stream);
    turn(&mut driver, 1).await;
    assert_eq!(driver.core.machine.waiting(), 0);
}
