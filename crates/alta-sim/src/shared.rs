//! What all of the simulator's tasks share.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::builder::Config;
use crate::clock::Clock;
use crate::faults::Armed;
use crate::game::commands::Session;
use crate::journal::{Journal, Service, What};
use crate::link::{Ledger, Link};
use crate::tokens::{Identity, Tokens};
use crate::world::World;

/// The state under its lock, and what does not need one.
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) journal: Journal,
    version: watch::Sender<u64>,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    runtime: Handle,
    tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

/// A connection to the main websocket.
#[derive(Debug)]
pub(crate) struct MainLink {
    pub(crate) link: Link,
    pub(crate) identity: Identity,
    pub(crate) subscriptions: BTreeSet<(String, String)>,
}

/// A connection to a console that has been let in.
#[derive(Debug)]
pub(crate) struct ConsoleLink {
    pub(crate) link: Link,
    pub(crate) server: u64,
    pub(crate) caller: (u64, String),
    pub(crate) session: Session,
    /// A command came before the token was accepted: everything is answered twice.
    pub(crate) doubled: bool,
}

/// A connection there was: for counting.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub(crate) connection: u64,
    pub(crate) service: Service,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) open: bool,
}

/// A console command that waits until its server runs commands again.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) connection: u64,
    pub(crate) server: u64,
    pub(crate) id: crate::json::Node,
    pub(crate) line: String,
}

/// A server's open port.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) port: u16,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Listening {
    pub(crate) fn new(port: u16, stop: CancellationToken, task: JoinHandle<()>) -> Self {
        Self { port, stop, task }
    }

    /// Closes the port, and waits until it is.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        // The task does nothing that could panic.
        let _ = self.task.await;
    }
}

pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Armed,
    pub(crate) mains: BTreeMap<u64, MainLink>,
    pub(crate) consoles: BTreeMap<u64, ConsoleLink>,
    /// Every websocket that is open, let in or not.
    pub(crate) open: BTreeMap<u64, (Service, Link)>,
    pub(crate) past: Vec<Past>,
    /// Event frames of connections that `past` has forgotten, by service.
    pub(crate) forgotten: HashMap<Service, u64>,
    pub(crate) waiting: Vec<Waiting>,
    /// Migration tokens and the sockets they were given to.
    pub(crate) migrations: HashMap<String, u64>,
    pub(crate) migration_overlap: bool,
    /// How long the main websocket rests after each frame it reads.
    pub(crate) main_read_delay: Duration,
    /// How long a test waits for something to happen.
    pub(crate) patience: Duration,
    pub(crate) listening: BTreeMap<u64, Listening>,
    /// The console port that a self-hosted server keeps.
    pub(crate) fixed_ports: BTreeMap<u64, u16>,
    pub(crate) http_port: u16,
    key: u64,
    next_connection: u64,
    next_port: u16,
}

/// Connections that are remembered one by one.
const PAST_LIMIT: usize = 8_192;

impl Shared {
    pub(crate) fn new(config: Config, runtime: Handle, world: World, accounts: Accounts) -> Self {
        let next_port = if config.port == 0 {
            0
        } else {
            config.port.saturating_add(2)
        };
        let state = State {
            tokens: Tokens::new(config.seed),
            world,
            accounts,
            faults: Armed::default(),
            mains: BTreeMap::new(),
            consoles: BTreeMap::new(),
            open: BTreeMap::new(),
            past: Vec::new(),
            forgotten: HashMap::new(),
            waiting: Vec::new(),
            migrations: HashMap::new(),
            migration_overlap: config.migration_overlap,
            main_read_delay: Duration::ZERO,
            patience: config.patience,
            listening: BTreeMap::new(),
            fixed_ports: BTreeMap::new(),
            http_port: 0,
            key: config.seed,
            next_connection: 1,
            next_port,
        };
        Self {
            state: Mutex::new(state),
            journal: Journal::new(config.journal),
            version: watch::Sender::new(0),
            clock: Clock::start(),
            config,
            runtime,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Works on the state, and sends what came of it.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let result = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let result = work(&mut state, now);
            state.send_effects(self, now);
            result
        };
        self.touch();
        result
    }

    /// Looks at the state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Wakes those who wait for something to change.
    pub(crate) fn touch(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// Tells of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Runs a task that ends with the simulator.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let stop = self.stop.clone();
        let task = async move {
            let _ = stop.run_until_cancelled_owned(task).await;
        };
        self.tasks.spawn_on(task, &self.runtime)
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Ends all tasks and waits for them.
    pub(crate) async fn stop_and_wait(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(crate) fn record(&self, service: Service, connection: u64, what: What) {
        let at = self.clock.elapsed();
        self.journal.add(at, service, connection, what);
        self.touch();
    }
}

impl State {
    pub(crate) fn connection_id(&mut self) -> u64 {
        let id = self.next_connection;
        self.next_connection += 1;
        id
    }

    /// The next port to listen on; 0 for any.
    pub(crate) fn port(&mut self) -> u16 {
        let port = self.next_port;
        if port != 0 {
            self.next_port = port.saturating_add(1);
        }
        port
    }

    /// The self-hosted server whose console token that is.
    pub(crate) fn self_hosted_server(&self, token: &str) -> Option<u64> {
        let mut servers = self
            .world
            .servers
            .values()
            .filter(|server| server.self_hosted);
        servers
            .find(|server| self.console_token(server.id) == token)
            .map(|server| server.id)
    }

    /// The constant token of a self-hosted server.
    pub(crate) fn console_token(&self, server: u64) -> String {
        Tokens::self_hosted(server, self.key)
    }

    /// Remembers a connection for the counts.
    pub(crate) fn opened(&mut self, service: Service, link: &Link) {
        if self.past.len() >= PAST_LIMIT {
            let (gone, kept) = std::mem::take(&mut self.past)
                .into_iter()
                .enumerate()
                .partition::<Vec<_>, _>(|(at, past)| !past.open && *at < PAST_LIMIT / 2);
            for (_, past) in gone {
                *self.forgotten.entry(past.service).or_insert(0) +=
                    past.ledger.events().values().sum::<u64>();
            }
            self.past = kept.into_iter().map(|(_, past)| past).collect();
        }
        self.open.insert(link.id, (service, link.clone()));
        self.past.push(Past {
            connection: link.id,
            service,
            ledger: Arc::clone(&link.ledger),
            open: true,
        });
    }

    /// Forgets a connection, but not its counts.
    pub(crate) fn ended(&mut self, connection: u64) {
        self.open.remove(&connection);
        self.mains.remove(&connection);
        self.consoles.remove(&connection);
        self.waiting
            .retain(|waiting| waiting.connection != connection);
        if let Some(past) = self
            .past
            .iter_mut()
            .find(|past| past.connection == connection)
        {
            past.open = false;
        }
    }
}
