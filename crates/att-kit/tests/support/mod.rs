//! A simulated server, its console with short times, a runner, and waits with a timeout.
#![allow(dead_code, reason = "each test program uses its part")]

use alta_model::UserId;
use alta_sim::Sim;
use att_console::{BackoffPolicy, Config, Console, ConsoleAccess};
use att_kit::{Consoles, Error, Finished, Handlers, Limits, Runner, RunnerHandle, Totals};
use std::future::IntoFuture;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The timeout of every wait in these tests.
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

/// A simulator with one self-hosted server.
pub(crate) async fn self_hosted() -> (Sim, u64) {
    let sim = Sim::builder().bare().start().await.unwrap();
    let server = sim.add_self_hosted("Thornwood").unwrap();
    (sim, server)
}

/// Waits until the server has a subscription of `PlayerJoined`.
pub(crate) async fn subscribed(sim: &Sim, server: u64) {
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
}

pub(crate) fn access(sim: &Sim, server: u64) -> ConsoleAccess {
    let url = sim.console_url(server).unwrap().parse().unwrap();
    ConsoleAccess::new(url, sim.console_token(server))
}

/// The names of players that are difficult to address. `1234` is the name of a player with another id.
pub(crate) const NAMES: [&str; 6] = ["O'Neil", "-Bee-", "J.K.", "Elder Toad", r#"a"b\c"#, "1234"];

/// The id of a player of the simulator.
pub(crate) fn id(player: u64) -> UserId {
    UserId::new(player.cast_signed())
}

/// The number of received commands that begin with these words.
pub(crate) fn received(sim: &Sim, words: &str) -> usize {
    let received = sim.received();
    let commands = received.iter().filter_map(alta_sim::Received::command);
    commands.filter(|line| line.starts_with(words)).count()
}

/// Times short enough for real time.
pub(crate) fn config() -> Config {
    let backoff = BackoffPolicy::new(Duration::from_millis(5), Duration::from_millis(20));
    Config::default()
        .label("Thornwood")
        .backoff(backoff)
        .login_timeout(Duration::from_millis(200))
        .request_timeout(Duration::from_secs(5))
}

pub(crate) fn open(sim: &Sim, server: u64) -> Console {
    Console::open_with(access(sim, server), config())
}

/// A runner at work in a task.
pub(crate) struct Running {
    pub(crate) handle: RunnerHandle,
    pub(crate) task: JoinHandle<Result<Finished, Error>>,
}

/// Runs handlers on the console of one server.
pub(crate) fn run(sim: &Sim, server: u64, handlers: Handlers) -> Running {
    run_with(open(sim, server), handlers, Limits::default())
}

pub(crate) fn run_with(console: Console, handlers: Handlers, limits: Limits) -> Running {
    let consoles = Consoles::new();
    consoles.add("Thornwood", console);
    run_all(consoles, handlers, limits)
}

pub(crate) fn run_all(consoles: Consoles, handlers: Handlers, limits: Limits) -> Running {
    let runner = Runner::new(consoles, handlers).limits(limits);
    let handle = runner.handle();
    let task = tokio::spawn(runner.run_until(std::future::pending()));
    Running { handle, task }
}

impl Running {
    pub(crate) fn totals(&self) -> Totals {
        self.handle.health().totals
    }

    pub(crate) fn console(&self) -> Console {
        self.handle.consoles().all().remove(0).1
    }
}

/// Notes of handlers, in order.
#[derive(Clone)]
pub(crate) struct Notes(mpsc::Sender<String>);

/// Notes its end when it is dropped.
pub(crate) struct Ends(pub(crate) Notes);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.note("ends");
    }
}

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
