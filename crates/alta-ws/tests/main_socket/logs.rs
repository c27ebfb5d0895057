use crate::log::Log;
use crate::support::{Bank, config, connect, group, start, status, within};
use alta_auth::{BotTokens, Error, ErrorKind, StaticToken, Token, TokenSource};
use alta_sim::{Action, Fault, Hook, Sim};
use alta_ws::{BackoffPolicy, Client, Config, GroupUpdate};
use futures_core::future::BoxFuture;
use http::Method;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The lines at info level and above about the connection, without their time and target.
fn connection(log: &Log) -> Vec<String> {
    let marker = "alta_ws::driver: ";
    let lines = log.lines().into_iter();
    lines
        .filter(|line| !line.contains(" DEBUG ") && !line.contains(" TRACE "))
        .filter_map(|line| Some(line.split_once(marker)?.1.to_owned()))
        .collect()
}

fn assert_lines(log: &Log, expected: &[&[&str]]) {
    let lines = connection(log);
    assert_eq!(lines.len(), expected.len(), "{:#?}", log.lines());
    for (line, parts) in lines.iter().zip(expected) {
        for part in *parts {
            assert!(line.contains(part), "{part} in {line}: {lines:#?}");
        }
    }
}

const TRYING: &str = "not connected, trying again";

#[tokio::test]
async fn a_refused_connection_is_logged_once_for_each_cause_and_once_when_it_succeeds() {
    let (log, _guard) = Log::capture("debug");
    let sim = start(Sim::builder()).await;
    for (status, times) in [(503, 4), (502, 3)] {
        let refused = Fault::new(Hook::MainUpgrade, Action::Refuse(status));
        sim.faults().arm(refused.times(times));
    }
    let client = connect(&sim, config(&sim)).await;
    assert_lines(&log, &[&[TRYING, "503"], &[TRYING, "502"], &["ready"]]);
    within(client.close()).await;
    assert_lines(
        &log,
        &[&[TRYING, "503"], &[TRYING, "502"], &["ready"], &["closed"]],
    );
    let host = format!("main_socket{{host={}}}", client_host(&sim));
    let lines = log.lines();
    let mut failures = lines.iter().filter(|line| line.contains(TRYING));
    assert!(failures.all(|line| line.contains(&host)), "{host}");
}

fn client_host(sim: &Sim) -> String {
    let url = config(sim).url;
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

#[tokio::test]
async fn a_loss_is_logged_and_so_is_the_return_and_the_next_loss() {
    let (log, _guard) = Log::capture("debug");
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim)).await;
    for losses in 1..=2 {
        sim.drop_main_sockets();
        let back = |status: &alta_ws::Status| {
            status.totals.connects == losses + 1 && status.state.is_connected()
        };
        status(&client, back).await;
    }
    let broke: &[&str] = &[TRYING, "the connection broke"];
    assert_lines(&log, &[&["ready"], broke, &["ready"], broke, &["ready"]]);
}

#[tokio::test]
async fn a_host_that_does_not_listen_is_logged_before_any_connection() {
    let (log, _guard) = Log::capture("debug");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let soon = Duration::from_millis(5);
    let config = Config::default()
        .url(url.parse().unwrap())
        .backoff(BackoffPolicy::new(soon, soon));
    let client = Client::open_with(StaticToken::new("x"), config).unwrap();
    status(
        &client,
        |status| matches!(status.state, alta_ws::State::Recovering { attempt, .. } if attempt > 5),
    )
    .await;
    assert_lines(&log, &[&[TRYING, "refused"]]);
}

/// Has no token at first.
struct Late(Arc<Bank>, AtomicUsize);

impl TokenSource for Late {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        if self.1.fetch_add(1, Ordering::Relaxed) < 3 {
            return Box::pin(async { Err(Error::new(ErrorKind::Server, "logging in")) });
        }
        self.0.token()
    }

    fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
        self.0.renew(stale)
    }
}

#[tokio::test]
async fn a_missing_token_is_logged_as_the_cause() {
    let (log, _guard) = Log::capture("debug");
    let sim = start(Sim::builder()).await;
    let tokens = Late(Bank::new(&sim), AtomicUsize::new(0));
    let client = Client::open_with(BotTokens::new(tokens), config(&sim)).unwrap();
    within(client.ready()).await.unwrap();
    assert_lines(&log, &[&[TRYING, "no token", "logging in"], &["ready"]]);
}

#[tokio::test]
async fn each_step_of_a_request_is_logged_without_its_token() {
    let (log, _guard) = Log::capture("debug");
    let sim = start(Sim::builder()).await;
    let bank = Bank::new(&sim);
    let token = bank.token().await.unwrap();
    let client = Client::open_with(BotTokens::new(bank), config(&sim)).unwrap();
    let stream = within(client.subscribe(GroupUpdate(group(&sim))))
        .await
        .unwrap();
    within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    let lines = log.lines();
    for parts in [
        ["subscribed", "group-update/"],
        ["sent", "GET coffee"],
        ["failed", "GET coffee"],
    ] {
        let found = lines
            .iter()
            .any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(found, "{parts:?}\n{}", lines.join("\n"));
    }
    assert!(!lines.join("\n").contains(token.expose()));
    drop(stream);
}
