use alta_bot::{
    Bot, BotCredentials, Builder, Endpoints, HandlerFn, Invitation, ManagedBot, ManagedBuilder,
    ServerUpdate, ViewConfig,
};
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

/// Waits until a condition is true, which is checked again and again.
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

/// A bot of the simulator that connects again at once.
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
        .console_config(console_config())
}

/// A main websocket that connects again at once.
pub(crate) fn socket_config() -> alta_ws::Config {
    let backoff = BackoffPolicy::new(Duration::from_millis(5), Duration::from_millis(20));
    alta_ws::Config::default().backoff(backoff)
}

/// Consoles that connect again at once.
pub(crate) fn console_config() -> att_console::Config {
    let backoff = BackoffPolicy::new(Duration::from_millis(5), Duration::from_millis(20));
    att_console::Config::default().backoff(backoff)
}

pub(crate) fn managed(sim: &Sim) -> ManagedBuilder {
    builder(sim).managed().view_config(following())
}

/// A view that is kept by events, with short pauses after failures.
pub(crate) fn following() -> ViewConfig {
    let quick = BackoffPolicy::new(Duration::from_millis(5), Duration::from_millis(20));
    ViewConfig::default().retry(quick)
}

pub(crate) async fn start(managed: ManagedBuilder) -> ManagedBot {
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

/// Notes of handlers, in order.
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
        within(self.0.recv())
            .await
            .expect("no handler makes notes any more")
    }

    pub(crate) async fn next_are(&mut self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(self.next().await, *expected);
        }
    }

    /// The notes until now that were not read.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

/// A handler that notes whether an invitation was accepted.
pub(crate) fn note_accepted(notes: &Notes) -> impl HandlerFn<Bot, Invitation> + use<> {
    let notes = notes.clone();
    move |_, invitation: Invitation| {
        notes.note(format!("accepted {}", invitation.accepted));
        std::future::ready(())
    }
}

/// A handler that notes the group of an invitation, and whether it was accepted.
pub(crate) fn note_invitation(notes: &Notes) -> impl HandlerFn<Bot, Invitation> + use<> {
    let notes = notes.clone();
    move |_, invitation: Invitation| {
        let Invitation {
            group, accepted, ..
        } = invitation;
        notes.note(format!("{} {accepted}", group.name));
        std::future::ready(())
    }
}

/// A handler that notes a server with its state, in this word.
pub(crate) fn note_server(
    notes: &Notes,
    state: &'static str,
) -> impl HandlerFn<Bot, ServerUpdate> + use<> {
    let notes = notes.clone();
    move |_, server: ServerUpdate| {
        notes.note(format!("{state} {}", server.name));
        std::future::ready(())
    }
}
