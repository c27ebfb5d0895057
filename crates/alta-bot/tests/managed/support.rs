use alta_bot::{Bot, BotCredentials, Builder, Endpoints, Managed, ManagedBot, ViewConfig};
use alta_model::{GroupId, ServerId};
use alta_sim::Sim;
use alta_socket::BackoffPolicy;
use std::future::IntoFuture;
use std::time::Duration;
use tokio::sync::mpsc;

pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(TEST_TIMEOUT, future.into_future())
        .await
        .expect("it takes too long")
}

/// Waits until a condition holds, tested again and again.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            // Not an interval: its overdue ticks would let no other task run while the condition is slow.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(TEST_TIMEOUT, waiting).await;
    waited.unwrap_or_else(|_| panic!("not within {TEST_TIMEOUT:?}: {what}"));
}

/// A bot of the simulator whose main websocket comes back at once.
pub(crate) fn builder(sim: &Sim) -> Builder {
    let account = sim.bot();
    let endpoints = Endpoints::new(
        sim.token_url().parse().unwrap(),
        sim.rest_url().parse().unwrap(),
        sim.socket_url().parse().unwrap(),
    );
    Bot::builder()
        .bot(BotCredentials::new(
            account.client_id,
            account.client_secret,
        ))
        .endpoints(endpoints)
        .socket_config(socket_config())
        .console_config(impatient())
}

/// A main websocket that comes back at once.
pub(crate) fn socket_config() -> alta_ws::Config {
    let backoff = BackoffPolicy::new(Duration::from_millis(5), Duration::from_millis(20));
    alta_ws::Config::default().backoff(backoff)
}

/// Consoles that come back at once.
pub(crate) fn impatient() -> att_console::Config {
    let backoff = BackoffPolicy::new(Duration::from_millis(5), Duration::from_millis(20));
    att_console::Config::default().backoff(backoff)
}

pub(crate) fn managed(sim: &Sim) -> Managed {
    builder(sim).managed().view_config(following())
}

/// Following that learns of everything by events.
pub(crate) fn following() -> ViewConfig {
    let quick = BackoffPolicy::new(Duration::from_millis(5), Duration::from_millis(20));
    ViewConfig::default().retry(quick)
}

pub(crate) async fn start(managed: Managed) -> ManagedBot {
    within(managed.start()).await.unwrap()
}

pub(crate) fn group(sim: &Sim) -> GroupId {
    group_id(sim.group())
}

pub(crate) fn group_id(id: u64) -> GroupId {
    GroupId::new(id.try_into().unwrap())
}

pub(crate) fn server_id(id: u64) -> ServerId {
    ServerId::new(id.try_into().unwrap())
}

/// What handlers note, in order.
#[derive(Clone)]
pub(crate) struct Notes(mpsc::Sender<String>);

pub(crate) struct Noted(mpsc::Receiver<String>);

pub(crate) fn notes() -> (Notes, Noted) {
    let (notes, noted) = mpsc::channel(4_096);
    (Notes(notes), Noted(noted))
}

impl Notes {
    pub(crate) fn note(&self, what: impl std::fmt::Display) {
        self.0.try_send(what.to_string()).unwrap();
    }
}

impl Noted {
    pub(crate) async fn next(&mut self) -> String {
        within(self.0.recv()).await.expect("nobody notes any more")
    }

    pub(crate) async fn next_are(&mut self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(self.next().await, *expected);
        }
    }

    /// What was noted until now and not read.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}
