//! A simulated server, a console on it with short times, and waiting with a bound.
#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod server;

use alta_sim::Sim;
use att_console::{BackoffPolicy, Config, Console, ConsoleAccess, Event, Missed, Subscription};
use std::future::IntoFuture;
use std::time::Duration;

/// No wait in these tests takes longer, unless it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future.into_future())
        .await
        .expect("it takes too long")
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

/// Times short enough for real time.
pub(crate) fn config() -> Config {
    Config::default()
        .label("Thornwood")
        .backoff(BackoffPolicy::new(
            Duration::from_millis(20),
            Duration::from_millis(100),
        ))
        .login_timeout(Duration::from_millis(200))
        .request_timeout(Duration::from_secs(5))
}

pub(crate) async fn ready(sim: &Sim, server: u64) -> Console {
    let console = Console::open_with(access(sim, server), config());
    within(console.ready()).await.unwrap();
    console
}

/// The next item of a stream that has one.
pub(crate) async fn next<T>(stream: &mut Subscription<T>) -> Result<Event<T>, Missed> {
    within(stream.next()).await.expect("the stream ended")
}
