//! A simulated self-hosted server for the examples, its restart, and players with unusual names.
#![allow(dead_code, reason = "each job uses its part")]

use crate::support;
use alta_sim::Sim;
use att_console::Console;
use std::error::Error;
use std::future::Future;
use tokio::task::AbortHandle;

/// Names that a careless bot pastes into a command. The id of `1234` is another number.
pub(crate) const ODD_NAMES: [&str; 6] =
    ["O'Neil", "-Bee-", "J.K.", "Elder Toad", "a\"b\\c", "1234"];

pub(crate) struct Town {
    pub(crate) sim: Sim,
    pub(crate) server: u64,
}

/// A running example. It is aborted when this is dropped.
pub(crate) struct Job(AbortHandle);

impl Drop for Job {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Town {
    pub(crate) async fn start() -> Self {
        let (sim, server) = support::self_hosted().await;
        sim.set_timeout(support::TEST_TIMEOUT);
        Self { sim, server }
    }

    /// A new console, with short times.
    pub(crate) fn console(&self) -> Console {
        support::open(&self.sim, self.server)
    }

    /// Runs an example in the background. Its error is printed.
    pub(crate) fn run<F>(&self, example: impl FnOnce(Console) -> F) -> Job
    where
        F: Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let example = example(self.console());
        let task = tokio::spawn(async move {
            if let Err(error) = example.await {
                eprintln!("the example has ended: {error}");
            }
        });
        Job(task.abort_handle())
    }

    pub(crate) fn join(&self, name: &str) -> u64 {
        self.sim.player_joins(self.server, name).unwrap()
    }

    /// Waits until the example is subscribed to an event.
    pub(crate) async fn subscribed(&self, event: &str) {
        let subscribed = self.sim.wait_for_console_subscription(self.server, event);
        subscribed.await.unwrap();
    }

    /// Stops and starts the server: every player leaves, and every connection is lost. Returns when the example is connected
    /// again and subscribed to this event.
    pub(crate) async fn restart(&self, event: &str) {
        self.sim.stop_server(self.server).await.unwrap();
        // Until then, the subscriptions of the lost connections are listed.
        self.sim.wait_for_consoles(self.server, 0).await.unwrap();
        self.sim.start_server(self.server).unwrap();
        self.subscribed(event).await;
    }

    /// Restarts the server, and waits until this console is connected again.
    pub(crate) async fn restart_seen_by(&self, console: &Console) {
        let before = console.status().totals.connects;
        self.sim.stop_server(self.server).await.unwrap();
        self.sim.start_server(self.server).unwrap();
        let mut statuses = console.statuses();
        let again = statuses
            .wait_for(|status| status.totals.connects > before && status.state.is_connected());
        support::within(again).await.expect("the console is open");
    }

    /// The text of the newest message to a player after this number of messages.
    pub(crate) async fn message(&self, player: u64, after: usize) -> String {
        let message = self.sim.wait_for_message(self.server, player, after);
        message.await.unwrap().text
    }
}
