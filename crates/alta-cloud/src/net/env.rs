use super::clock::Clock;
use super::connections::Connections;
use super::faults::{Action, Faults, Hook};
use super::journal::{ClientAction, Journal, Received, Service};
use super::link::{Link, Outgoing};
use super::tasks::Tasks;
use std::sync::{Arc, OnceLock};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

/// Everything that all connections of a service share, apart from the state that they serve.
#[derive(Debug)]
pub struct Env {
    /// The time of the service.
    pub clock: Clock,
    /// The tasks of the service.
    pub tasks: Tasks,
    /// The faults that are armed.
    pub faults: Faults,
    /// The websocket connections.
    pub connections: Connections,
    /// The routes of REST, built for the first connection.
    pub(crate) router: OnceLock<axum::Router>,
    journal: Journal,
    version: watch::Sender<u64>,
    /// The number of frames that may wait for one slow client.
    queue: usize,
}

impl Env {
    /// `journal`: how many entries are remembered (0: none); `queue`: how many frames may wait for one slow client.
    pub fn new(runtime: Handle, journal: usize, queue: usize) -> Self {
        Self {
            clock: Clock::start(),
            tasks: Tasks::new(runtime),
            faults: Faults::default(),
            connections: Connections::default(),
            router: OnceLock::new(),
            journal: Journal::new(journal),
            version: watch::Sender::new(0),
            queue,
        }
    }

    /// Adds an entry to the journal.
    pub fn record(&self, service: Service, connection: u64, action: ClientAction) {
        let at = self.clock.elapsed();
        self.journal.add(at, service, connection, action);
        self.touch();
    }

    /// All entries of the journal, oldest first.
    pub fn received(&self) -> Arc<Vec<Received>> {
        self.journal.entries()
    }

    /// Takes the fault that matches this operation, if one is armed.
    pub fn fault(&self, hook: Hook, server: Option<u64>, text: &str) -> Option<Action> {
        let action = self.faults.take(hook, server, text);
        if action.is_some() {
            self.touch();
        }
        action
    }

    /// Wakes all waiters for a change.
    pub fn touch(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// Changes whenever [`touch`](Self::touch) is called.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(super) fn link(&self, id: u64) -> (Link, mpsc::Receiver<Outgoing>) {
        Link::new(id, self.queue, self.tasks.clone(), self.clock.clone())
    }
}
