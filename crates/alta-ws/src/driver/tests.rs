//! Moments that no test over sockets can choose: the driver is woken by hand.

use super::*;
use crate::config::Config;
use crate::error::Sent;
use crate::frame::Response;
use crate::socket::{Call, OpenFailure};
use crate::topic::Topic;
use alta_auth::StaticToken;
use alta_socket::{BoxIo, DialError, QueueConfig, TaskGuard};
use futures_core::future::BoxFuture;
use http::Method;
use std::time::Duration;
use tokio::sync::oneshot;
use url::Url;

/// A server that opens and says nothing.
struct Mute;

impl Dial for Mute {
    fn dial<'a>(&'a self, _: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(async move {
            let socket = tokio_tungstenite::accept_async(theirs).await;
            std::future::pending::<()>().await;
            drop(socket);
        });
        Box::pin(async { Ok(Box::new(ours) as BoxIo) })
    }
}

type Answer = oneshot::Receiver<Result<Response, Error>>;

/// A driver whose link is open, and the channel for calls.
async fn opened() -> (Driver, mpsc::Sender<Input>, TaskGuard) {
    let shared = Shared::new(Config::default());
    let (calls, inbox) = mpsc::channel(8);
    let (give, take) = oneshot::channel();
    let guard = TaskGuard::spawn(|shutdown| async {
        // The driver is taken out and driven by the test.
        let _ = give.send(shutdown);
        std::future::pending::<()>().await;
    });
    let mut driver = Driver::new(
        Arc::new(shared),
        Arc::new(StaticToken::new("a-token")),
        Arc::new(Mute),
        HeaderMap::new(),
        inbox,
        take.await.unwrap(),
    );
    driver.perform_outputs();
    driver.wait(None).await;
    driver.show();
    assert!(driver.pool.condition().state.is_connected());
    (driver, calls, guard)
}

fn ask(calls: &mpsc::Sender<Input>, owner: &Arc<()>) -> Answer {
    let (reply, answer) = oneshot::channel();
    let call = Call {
        request: Request::new(Method::GET, "coffee"),
        deadline: now() + Duration::from_secs(3_600),
        owner: Arc::downgrade(owner),
        reply,
        renewed: false,
    };
    calls.try_send(Input::Call(call)).unwrap();
    answer
}

/// Wakes so often, and does what follows.
async fn turn(driver: &mut Driver, times: usize) {
    for _ in 0..times {
        driver.wait(None).await;
        driver.perform_outputs();
    }
}

#[tokio::test(start_paused = true)]
async fn promise_05_what_was_handed_to_a_socket_may_have_run_however_the_link_is_given_up() {
    let (mut driver, calls, _guard) = opened().await;
    tokio::time::advance(Duration::from_secs(60)).await;
    driver.wake(Wake::Timer);
    driver.perform_outputs();
    let owner = Arc::new(());
    let answers = [ask(&calls, &owner), ask(&calls, &owner)];
    // Two calls, their tokens, and the news that the first was handed over: that of the second is still to come.
    turn(&mut driver, 5).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    driver.wake(Wake::Timer);
    driver.perform_outputs();
    assert!(
        !driver.pool.condition().state.is_connected(),
        "it was silent"
    );
    for answer in answers {
        let error = answer.await.unwrap().unwrap_err();
        let sent = Sent::MayHaveRun;
        assert_eq!(*error.kind(), ErrorKind::Disconnected { sent });
    }
}

#[tokio::test(start_paused = true)]
async fn promise_11_nothing_is_kept_of_calls_that_were_given_up() {
    let (mut driver, calls, _guard) = opened().await;
    // Before it was taken, before it got its token, and before it was written.
    for (turns, more) in [(0, 2), (1, 1), (2, 1)] {
        let owner = Arc::new(());
        let answer = ask(&calls, &owner);
        turn(&mut driver, turns).await;
        drop((owner, answer));
        turn(&mut driver, more).await;
        driver.pool.check_rest(0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_was_refused_late_does_not_bring_back_its_token() {
    let (mut driver, calls, _guard) = opened().await;
    let owner = Arc::new(());
    let _answer = ask(&calls, &owner);
    turn(&mut driver, 2).await;
    let generation = driver.tokens.generation();
    let kind = ErrorKind::Unauthorized { status: Some(401) };
    let late = NotOpened {
        failure: OpenFailure::Unauthorized(Error::new(kind, "connecting")),
        refused: Some(Token::new("an older one")),
    };
    driver.link(LinkId::FIRST.next(), LinkEvent::Failed(late), now());
    assert_eq!(driver.tokens.generation(), generation);
}

#[tokio::test(start_paused = true)]
async fn promise_11_nothing_is_kept_of_who_waited_for_a_subscription_and_went() {
    let (mut driver, _calls, _guard) = opened().await;
    let topic = Topic::known("group-update", 7);
    let hub = &driver.shared.hub;
    let stream = hub.subscribe(vec![topic.clone()], QueueConfig::default());
    driver.take_changes(now());
    // Each gives up before the next comes.
    for _ in 0..100 {
        let (reply, _) = oneshot::channel();
        let ask = Input::Confirm(topic.clone(), reply);
        driver.pool.handle(ask, now());
    }
    assert_eq!(driver.pool.waiting(), 1);
    drop(stream);
    driver.take_changes(now());
    assert_eq!(driver.pool.waiting(), 0);
}
