//! Raw requests of the program.

use crate::faults::GATEWAY;
use crate::support::{config, connect, connected, count, requests, start, status, within};
use alta_auth::{BotTokens, Token, TokenSource};
use alta_sim::{Action, Fault, Hook, Junk, Sim};
use alta_ws::{Client, ErrorKind, Sent};
use futures_core::future::BoxFuture;
use http::Method;
use std::sync::Mutex;
use std::time::Duration;

#[tokio::test]
async fn an_error_of_the_gateway_ends_the_only_request_that_it_can_mean() {
    let (sim, client) = connected().await;
    sim.faults().arm(Fault::new(
        Hook::MainRequest,
        Action::Instead(Junk::Text(GATEWAY.to_owned())),
    ));
    let error = within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    assert_eq!(
        *error.kind(),
        ErrorKind::Gateway {
            message: "Internal server error".to_owned()
        }
    );
    assert_eq!(client.status().totals.gateway_errors, 1);
    assert_eq!(client.status().totals.connects, 1, "the connection is kept");
}

#[tokio::test]
async fn a_raw_request_returns_the_reply_or_the_error() {
    let (sim, client) = connected().await;
    let path = format!("subscription/group-server-status/{}", sim.group());
    let reply = within(client.request(Method::POST, &path, None))
        .await
        .unwrap();
    assert_eq!((reply.status, reply.content.as_str()), (200, ""));
    assert!(reply.raw.as_str().contains("POST /ws/subscription"));
    let error = within(client.request(Method::GET, "/coffee", None))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET coffee: the server replied with 404: Not found"
    );
}

#[tokio::test]
async fn the_error_of_a_raw_request_says_whether_it_may_have_run() {
    let sim = start(Sim::builder()).await;
    let brief = config(&sim).request_timeout(Duration::from_secs(1));
    let client = connect(&sim, brief.clone()).await;
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::Drop));
    let error = within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::TimedOut {
                sent: Sent::MayHaveRun,
                ..
            }
        ),
        "{error:?}"
    );
    sim.faults().arm(Fault::new(Hook::MainRequest, Action::Cut));
    let error = within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Disconnected {
                sent: Sent::MayHaveRun
            }
        ),
        "{error:?}"
    );
    // The timeout also runs while there is no connection.
    sim.faults()
        .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(1_000));
    sim.drop_main_sockets();
    status(&client, |status| !status.state.is_connected()).await;
    let error = within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::TimedOut {
                sent: Sent::NotSent,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(count(&sim, "GET coffee"), 2);
}

/// Gives one token, and never completes the next request for one.
struct OneToken(Mutex<Option<Token>>);

impl TokenSource for OneToken {
    fn token(&self) -> BoxFuture<'_, Result<Token, alta_auth::Error>> {
        match self.0.lock().unwrap().take() {
            Some(token) => Box::pin(async { Ok(token) }),
            None => Box::pin(std::future::pending()),
        }
    }

    fn renew<'a>(&'a self, _: &'a Token) -> BoxFuture<'a, Result<Token, alta_auth::Error>> {
        self.token()
    }
}

#[tokio::test]
async fn a_request_that_never_gets_a_token_was_not_sent() {
    let sim = start(Sim::builder()).await;
    let token = OneToken(Mutex::new(Some(Token::new(sim.bot_token()))));
    let brief = config(&sim).request_timeout(Duration::from_millis(100));
    let client = Client::open_with(BotTokens::new(token), brief).unwrap();
    within(client.ready()).await.unwrap();
    let error = within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::TimedOut {
                sent: Sent::NotSent,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(requests(&sim).is_empty());
}

#[tokio::test]
async fn a_request_that_is_dropped_before_it_is_sent_is_never_sent() {
    let (sim, client) = connected().await;
    sim.faults()
        .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(3));
    sim.drop_main_sockets();
    status(&client, |status| !status.state.is_connected()).await;
    let dropped = client.request(Method::GET, "coffee", None);
    assert!(futures_util::poll!(Box::pin(dropped)).is_pending());
    within(client.request(Method::GET, "tea", None))
        .await
        .unwrap_err();
    assert_eq!(requests(&sim), ["GET tea"]);
}
