use crate::agenda::{Agenda, Failure};
use crate::commands::Session;
use crate::samples;
use crate::world::{ConsoleEvent, World};
use alta_cloud::net::{Env, Hook, Link};
use alta_cloud::wire::json::Node;
use alta_cloud::wire::time::console_time;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A connection to a console whose token was accepted.
#[derive(Debug)]
pub(crate) struct ConsoleConnection {
    pub(crate) link: Link,
    pub(crate) server: u64,
    /// The user id and the name of the account.
    pub(crate) caller: (u64, String),
    pub(crate) session: Session,
    /// `true` if every reply is sent twice, because a command arrived before the token was accepted.
    pub(crate) doubled: bool,
}

/// A console command that waits until its server runs commands again.
#[derive(Debug)]
pub(crate) struct WaitingCommand {
    pub(crate) connection: u64,
    pub(crate) server: u64,
    pub(crate) id: Node,
    pub(crate) line: String,
}

/// An open port, and the task that accepts connections there.
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

    /// Closes the port, and waits until it is closed.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        // The task contains nothing that could panic.
        let _ = self.task.await;
    }
}

/// The state of the simulator.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) agenda: Agenda,
    /// The actions of the timeline that were not possible.
    pub(crate) failures: Vec<Failure>,
    /// The consoles by connection id.
    pub(crate) consoles: BTreeMap<u64, ConsoleConnection>,
    pub(crate) waiting: Vec<WaitingCommand>,
    /// The timeout of a test that waits for something.
    pub(crate) timeout: Duration,
    /// The open console ports by server.
    pub(crate) listening: BTreeMap<u64, Listening>,
    /// The first console port of each server. A self-hosted server keeps it.
    pub(crate) first_ports: BTreeMap<u64, u16>,
    /// The other servers that keep their port.
    pub(crate) fixed_ports: BTreeSet<u64>,
    /// The reserved ports of stopped servers that keep their port.
    pub(crate) reserved: BTreeMap<u64, TcpSocket>,
    /// The chosen tokens of self-hosted servers.
    pub(crate) tokens: BTreeMap<u64, String>,
    /// The token files that were written, by server.
    pub(crate) token_files: BTreeMap<u64, PathBuf>,
    /// Zero if every port is any free one.
    pub(crate) next_port: u16,
}

impl State {
    pub(crate) fn new(world: World, timeout: Duration, next_port: u16) -> Self {
        Self {
            world,
            agenda: Agenda::default(),
            failures: Vec::new(),
            consoles: BTreeMap::new(),
            waiting: Vec::new(),
            timeout,
            listening: BTreeMap::new(),
            first_ports: BTreeMap::new(),
            fixed_ports: BTreeSet::new(),
            reserved: BTreeMap::new(),
            tokens: BTreeMap::new(),
            token_files: BTreeMap::new(),
            next_port,
        }
    }

    /// Replaces the world and forgets the connections. `next_port` is the port of the next cloud server.
    pub(crate) fn begin_again(&mut self, world: World, agenda: Agenda, next_port: u16) {
        let http_port = self.world.cloud.http_port;
        self.world = world;
        self.world.cloud.http_port = http_port;
        self.agenda = agenda;
        self.failures.clear();
        self.consoles.clear();
        self.waiting.clear();
        self.next_port = next_port;
    }

    /// The next port to listen on; 0 for any.
    pub(crate) fn take_port(&mut self) -> u16 {
        let port = self.next_port;
        if port != 0 {
            self.next_port = port.saturating_add(1);
        }
        port
    }

    /// The consoles of a server.
    pub(crate) fn consoles_of(
        &self,
        server: u64,
    ) -> impl Iterator<Item = (u64, &ConsoleConnection)> {
        let consoles = self.consoles.iter();
        consoles
            .filter(move |(_, console)| console.server == server)
            .map(|(id, console)| (*id, console))
    }

    /// Removes the consoles of a server, whose connections are about to end.
    pub(crate) fn remove_consoles(&mut self, server: u64) {
        self.consoles.retain(|_, console| console.server != server);
        self.waiting.retain(|waiting| waiting.server != server);
    }

    /// Removes a console whose connection has ended.
    pub(crate) fn remove_console(&mut self, connection: u64) {
        self.consoles.remove(&connection);
        self.waiting
            .retain(|waiting| waiting.connection != connection);
    }

    /// The time at which the clock makes something happen.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.agenda.next(&self.world)
    }

    /// Lets everything happen that is due at `now`, in its order, and delivers its events with their own times.
    pub(crate) fn catch_up(&mut self, env: &Env, now: Timestamp) {
        while let Some(at) = self.due().filter(|at| *at <= now) {
            self.agenda.run(&mut self.world, at, now);
            self.deliver(env, at);
        }
        self.world.step(now);
    }

    /// Sends the world's events to the connections that have subscribed to them.
    pub(crate) fn deliver(&mut self, env: &Env, now: Timestamp) {
        self.world.cloud.deliver(env);
        for event in self.world.take_events() {
            self.deliver_console(env, event, now);
        }
    }

    fn deliver_console(&self, env: &Env, event: ConsoleEvent, now: Timestamp) {
        let ConsoleEvent { server, name, data } = event;
        let shared_name: Arc<str> = name.as_str().into();
        let mut data = Some(data);
        let mut frame = None;
        for (_, console) in self.consoles_of(server) {
            if !console.session.subscriptions.contains(&name) {
                continue;
            }
            let frame = frame.get_or_insert_with(|| {
                let template = if self.world.has_numeric_enums(server) {
                    samples::console("numeric-enums", 2)
                } else {
                    samples::console("event-player-joined", 0)
                };
                template
                    .with("timeStamp", console_time(now))
                    .with("eventType", name.as_str())
                    .with("data", data.take().unwrap_or(Node::Null))
            });
            let fault = env.fault(Hook::ConsoleEvent, Some(server), &name);
            let link = &console.link;
            link.send(frame, "commandId", Some(&shared_name), fault);
        }
    }
}
