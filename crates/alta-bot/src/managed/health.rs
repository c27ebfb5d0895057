use super::context::Context;
use super::crew::Consoles;
use super::host::Key;
use super::meter::Reading;
use super::rules::Rules;
use super::standing::{Standing, judge};
use crate::bot::Bot;
use crate::view::View;
use alta_model::{GroupId, ServerId, Timestamp};
use std::sync::Arc;
use tokio::sync::watch;

/// How a managed bot is doing at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The main websocket; none for self-hosted servers.
    pub socket: Option<alta_ws::Status>,
    /// When something was last read over REST.
    pub read_at: Option<Timestamp>,
    /// The groups that the bot belongs to.
    pub groups: usize,
    /// Those of them that are [complete](crate::GroupView::complete).
    pub groups_read: usize,
    /// The servers of these groups that are online.
    pub servers_online: usize,
    /// Those of which it isn't known whether they are.
    pub servers_unknown: usize,
    /// Who plays there.
    pub players_online: usize,
    /// The consoles that are open.
    pub consoles: Vec<ConsoleHealth>,
    /// Handlers that run now, `on_console` excepted.
    pub handlers_running: u64,
    /// Console events that were handed to handlers.
    pub events: u64,
    /// Console events that were missed; a gap counts as one.
    pub missed: u64,
    /// Handlers that failed.
    pub failures: u64,
    /// Console sessions that began.
    pub sessions: u64,
    /// Invitations that were accepted.
    pub invites_accepted: u64,
}

/// How one console of a managed bot is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsoleHealth {
    /// How the console is called.
    pub name: String,
    /// Its server; none for a self-hosted one.
    pub server: Option<ServerId>,
    /// Its group; none for a self-hosted one.
    pub group: Option<GroupId>,
    /// How its server stands; none for a self-hosted one. [`Standing::Offline`] while it waits for the server, another
    /// than [`Standing::Wanted`] while it closes.
    pub standing: Option<Standing>,
    /// What it is doing, and what it has counted.
    pub status: att_console::Status,
}

/// Where a managed bot's health is read.
#[derive(Clone)]
pub(crate) struct Sources {
    /// None for self-hosted servers.
    pub(crate) cloud: Option<(Bot, View)>,
    pub(crate) context: Arc<Context>,
    pub(crate) consoles: Consoles,
    pub(crate) rules: watch::Receiver<Arc<Rules>>,
}

impl Sources {
    pub(crate) fn look(&self) -> Health {
        let rules = Arc::clone(&self.rules.borrow());
        let mut health = Health::new(self.context.meter.reading());
        for (key, group, console) in self.consoles.all() {
            let server = match key {
                Key::Server(server) => Some(server),
                Key::Own(_) => None,
            };
            let known = server.and_then(|server| Some((server, self.cloud.as_ref()?)));
            let standing = known.and_then(|(server, (_, view))| {
                let group = view.group(group?)?;
                let server = group.servers.get(&server)?;
                Some(judge(&group, server, &rules))
            });
            health.consoles.push(ConsoleHealth {
                name: console.label().to_string(),
                server,
                group,
                standing,
                status: console.status(),
            });
        }
        if let Some((bot, view)) = &self.cloud {
            health.socket = bot.socket().ok().map(alta_ws::Client::status);
            health.read_at = view.read_at();
            for group in view.groups() {
                health.groups += 1;
                health.groups_read += usize::from(group.complete);
                let unknown = group.servers.values().filter(|it| it.known.is_none());
                health.servers_unknown += unknown.count();
                for server in group.online_servers() {
                    health.servers_online += 1;
                    health.players_online += server.player_count();
                }
            }
        }
        health
    }
}

impl Health {
    fn new(counted: Reading) -> Self {
        Self {
            socket: None,
            read_at: None,
            groups: 0,
            groups_read: 0,
            servers_online: 0,
            servers_unknown: 0,
            players_online: 0,
            consoles: Vec::new(),
            handlers_running: counted.running,
            events: counted.events,
            missed: counted.missed,
            failures: counted.failures,
            sessions: counted.sessions,
            invites_accepted: counted.invites,
        }
    }

    /// Whether everything that should be connected is: the main websocket, and the console of each server that runs.
    pub fn is_connected(&self) -> bool {
        let socket = self.socket.as_ref();
        socket.is_none_or(|socket| socket.state.is_connected())
            && self
                .consoles
                .iter()
                .all(|console| !console.is_expected() || console.is_connected())
    }
}

impl ConsoleHealth {
    /// Whether it should be connected: its server is not known to sleep, and it is not being closed.
    pub fn is_expected(&self) -> bool {
        matches!(
            self.standing,
            None | Some(Standing::Wanted | Standing::Empty)
        )
    }

    /// Whether commands run on it now.
    pub fn is_connected(&self) -> bool {
        self.status.state.is_connected()
    }
}
