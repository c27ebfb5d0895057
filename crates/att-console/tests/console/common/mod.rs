//! A simulated server, a console with short timeouts, and bounded waits.

#[path = "../../../../alta-socket/tests/support/log.rs"]
pub(crate) mod log;
pub(crate) mod server;

use alta_sim::{Action, Fault, Hook, Received, Sim};
use att_console::{
    BackoffPolicy, Config, Console, ConsoleAccess, Event, Missed, NotConnected, State, Status,
    Subscription,
};
use std::future::IntoFuture;
use std::time::Duration;

/// The timeout of every wait.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, future.into_future())
        .await
        .expect("a wait reached its timeout")
}

/// A simulator with one self-hosted server.
pub(crate) async fn self_hosted() -> (Sim, u64) {
    let sim = Sim::builder().bare().start().await.unwrap();
    let server = sim.add_self_hosted("Thornwood").unwrap();
    (sim, server)
}

pub(crate) fn access(sim: &Sim, server: u64) -> ConsoleAccess {
    let url = sim.console_url(server).unwrap().parse().unwrap();
    ConsoleAccess::new(url, sim.console_token(server))
}

/// A configuration that connects again at once. Its timeouts are the defaults: a busy machine must not reach them.
pub(crate) fn config() -> Config {
    Config::default()
        .label("Thornwood")
        .backoff(BackoffPolicy::new(
            Duration::from_millis(20),
            Duration::from_millis(100),
        ))
}

/// A configuration for servers that do not reply to the token.
pub(crate) fn short_login() -> Config {
    config().login_timeout(Duration::from_millis(200))
}

pub(crate) fn open(sim: &Sim, server: u64, config: Config) -> Console {
    Console::open_with(access(sim, server), config)
}

pub(crate) async fn ready(sim: &Sim, server: u64) -> Console {
    ready_with(sim, server, config()).await
}

pub(crate) async fn ready_with(sim: &Sim, server: u64, config: Config) -> Console {
    let console = open(sim, server, config);
    within(console.ready()).await.unwrap();
    console
}

/// The next item of a stream that has one.
pub(crate) async fn next<T>(stream: &mut Subscription<T>) -> Result<Event<T>, Missed> {
    within(stream.next()).await.expect("the stream ended")
}

/// Waits for a status of the console.
pub(crate) async fn status(console: &Console, is_wanted: impl FnMut(&Status) -> bool) -> Status {
    within(console.statuses().wait_for(is_wanted))
        .await
        .unwrap()
}

/// Waits until the console is not connected for a cause of this kind.
pub(crate) async fn not_connected(
    console: &Console,
    is_wanted: impl Fn(&NotConnected) -> bool,
) -> NotConnected {
    let is_found = |status: &Status| matches!(&status.state, State::Recovering { because, .. } if is_wanted(because));
    match status(console, is_found).await.state {
        State::Recovering { because, .. } => because,
        other => panic!("{other:?}"),
    }
}

/// Prepares one fault for the next command that contains the string.
pub(crate) fn fault(sim: &Sim, action: Action, command: &str) {
    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, action).containing(command));
}

/// The commands that the server has received and that begin with the string, in order.
pub(crate) fn commands(sim: &Sim, beginning: &str) -> Vec<String> {
    let received = sim.received();
    let lines = received.iter().filter_map(Received::command);
    lines.filter(|line| line.starts_with(beginning)).collect()
}
