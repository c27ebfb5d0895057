//! Moments that a test over sockets cannot choose: the test wakes the driver.

use super::*;
use crate::config::{Config, WhenNotReady};
use crate::error::ErrorKind;
use crate::label::Label;
use crate::machine::PendingCommand;
use alta_socket::test_util::{self, Once};
use alta_socket::{TaskGuard, run, take_batch};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio_tungstenite::{WebSocketStream, accept_async};
use url::Url;

const WELCOME: &str = r#"{"type":"SystemMessage","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 0 - Server"}"#;

struct Rig {
    driver: Driver,
    calls: mpsc::Sender<Call>,
    server: WebSocketStream<DuplexStream>,
    guard: TaskGuard,
}

/// A driver whose console is ready.
async fn ready() -> Rig {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let config = Config::default().dialer(Arc::new(Once::new(ours)));
    let url: Url = "ws://town.invalid/".parse().unwrap();
    let shared = Shared::new(config, Label::new("town".to_owned()), None);
    let (calls, inbox) = mpsc::channel(8);
    let (guard, shutdown) = test_util::guard().await;
    let access = ConsoleAccess::new(url, "a-token".to_owned());
    let mut driver = Driver::new(Arc::new(shared), Arc::new(access), inbox, shutdown);
    let server = tokio::spawn(async {
        let mut server = accept_async(theirs).await.unwrap();
        let token = server.next().await.unwrap().unwrap();
        assert_eq!(token.into_text().unwrap(), "a-token");
        server.send(WELCOME.into()).await.unwrap();
        server
    });
    settle(&mut driver);
    while !driver.core.machine.state().is_connected() {
        take_batch(&mut driver, None).await;
        settle(&mut driver);
    }
    Rig {
        driver,
        calls,
        server: server.await.unwrap(),
        guard,
    }
}

type PendingReply = oneshot::Receiver<Result<Option<Frame>, ErrorKind>>;

fn command(calls: &mpsc::Sender<Call>, line: &Arc<String>) -> PendingReply {
    let (reply, receiver) = oneshot::channel();
    let timeout = Duration::from_secs(30);
    let command = PendingCommand {
        line: Arc::downgrade(line),
        timeout,
        deadline: (tokio::time::Instant::now() + timeout).into_std(),
        when_not_ready: WhenNotReady::Wait,
        span: tracing::Span::none(),
        reply: Outcome(reply),
    };
    calls.try_send(Call::Command(Box::new(command))).unwrap();
    receiver
}

/// The texts that the server receives before the close.
async fn received(mut server: WebSocketStream<DuplexStream>) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(Ok(message)) = server.next().await {
        if message.is_text() {
            texts.push(message.into_text().unwrap().to_string());
        }
    }
    texts
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_command_that_is_not_written_before_the_stop_never_is() {
    let Rig {
        mut driver,
        calls,
        server,
        guard,
    } = ready().await;
    let line = Arc::new("player list".to_owned());
    let reply = command(&calls, &line);
    take_batch(&mut driver, None).await;
    settle(&mut driver);
    guard.stop();
    assert!(!take_batch(&mut driver, None).await);
    assert!(
        driver.core.machine.state().is_closed(),
        "the stop was the first wake-up"
    );
    let server = tokio::spawn(received(server));
    run(Box::new(driver)).await;
    let error = reply.await.unwrap().unwrap_err();
    let because = Closed::ByUs;
    assert_eq!(error, ErrorKind::Closed { because }, "it was not sent");
    assert_eq!(server.await.unwrap(), Vec::<String>::new());
}
