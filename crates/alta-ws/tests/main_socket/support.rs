use alta_auth::{BotTokens, Error, Token, TokenSource};
use alta_model::{GroupId, Server};
use alta_sim::{Builder, ClientAction, Received, Service, Sim};
use alta_ws::{BackoffPolicy, Client, Config, Event, Missed, Status, Subscription, Totals};
use futures_core::future::BoxFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Long enough for a busy machine; only a failed test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that must happen.
pub(crate) async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future.into_future())
        .await
        .expect("it was not ready in time")
}

/// Tokens of the simulator's bot: each is used until it is refused.
pub(crate) struct Bank {
    sim: Sim,
    current: Mutex<Option<Token>>,
    pub(crate) renewals: AtomicUsize,
}

impl Bank {
    pub(crate) fn new(sim: &Sim) -> Arc<Self> {
        Arc::new(Self {
            sim: sim.clone(),
            current: Mutex::new(None),
            renewals: AtomicUsize::new(0),
        })
    }

    fn fresh(&self) -> Token {
        let token = Token::new(self.sim.bot_token());
        *self.current.lock().unwrap() = Some(token.clone());
        token
    }
}

impl TokenSource for Bank {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        let current = self.current.lock().unwrap().clone();
        let token = current.unwrap_or_else(|| self.fresh());
        Box::pin(async { Ok(token) })
    }

    fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
        let current = self.current.lock().unwrap().clone();
        let token = match current {
            Some(current) if current != *stale => current,
            _ => {
                self.renewals.fetch_add(1, Ordering::Relaxed);
                self.fresh()
            }
        };
        Box::pin(async { Ok(token) })
    }
}

/// A configuration for a simulator, with short timeouts.
pub(crate) fn config(sim: &Sim) -> Config {
    let short = Duration::from_millis(20);
    Config::default()
        .url(sim.socket_url().parse().unwrap())
        .backoff(BackoffPolicy::new(short, short))
        .linger(short)
}

pub(crate) async fn start(builder: Builder) -> Sim {
    builder.start().await.unwrap()
}

/// A simulator and a client that is connected to it.
pub(crate) async fn connected() -> (Sim, Client) {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim)).await;
    (sim, client)
}

pub(crate) async fn connect(sim: &Sim, config: Config) -> Client {
    let client = Client::open_with(BotTokens::new(Bank::new(sim)), config).unwrap();
    within(client.ready()).await.unwrap();
    client
}

pub(crate) fn group(sim: &Sim) -> GroupId {
    GroupId::new(sim.group().try_into().unwrap())
}

/// The next event, which must be one.
pub(crate) async fn event<T>(stream: &mut Subscription<T>) -> Event<T> {
    match within(stream.next()).await {
        Some(Ok(event)) => event,
        Some(Err(missed)) => panic!("missed: {missed}"),
        None => panic!("the stream ended"),
    }
}

/// The next item, which must be a miss.
pub(crate) async fn miss<T: std::fmt::Debug>(stream: &mut Subscription<T>) -> Missed {
    match within(stream.next()).await {
        Some(Err(missed)) => missed,
        other => panic!("not a miss: {other:?}"),
    }
}

/// The names of the players on the server.
pub(crate) fn players(server: &Server) -> Vec<&str> {
    server
        .online_players
        .iter()
        .map(|player| player.username.as_str())
        .collect()
}

/// Waits for a status.
pub(crate) async fn status(client: &Client, condition: impl FnMut(&Status) -> bool) -> Status {
    let mut statuses = client.statuses();
    within(statuses.wait_for(condition))
        .await
        .expect("the client was closed")
}

/// Waits for totals.
pub(crate) async fn totals(client: &Client, mut condition: impl FnMut(&Totals) -> bool) {
    status(client, |status| condition(&status.totals)).await;
}

/// The requests that the server received on the main websocket, in order.
pub(crate) fn requests(sim: &Sim) -> Vec<String> {
    sim.received()
        .iter()
        .filter_map(Received::socket_request)
        .collect()
}

/// The number of requests with this name.
pub(crate) fn count(sim: &Sim, request: &str) -> usize {
    requests(sim).iter().filter(|got| *got == request).count()
}

/// Waits until there are this many requests with this name.
pub(crate) async fn requested(sim: &Sim, request: &str, times: usize) {
    sim.wait_until(|sim| count(sim, request) >= times)
        .await
        .unwrap_or_else(|error| panic!("{request}: {error}; {:?}", requests(sim)));
}

/// The status of each upgrade; 101 for an accepted one.
pub(crate) fn upgrades(sim: &Sim) -> Vec<u16> {
    sim.received()
        .iter()
        .filter(|received| received.service == Service::MainSocket)
        .filter_map(|received| match &received.action {
            ClientAction::Opened(_) => Some(101),
            ClientAction::Refused(status, _) => Some(*status),
            _ => None,
        })
        .collect()
}
