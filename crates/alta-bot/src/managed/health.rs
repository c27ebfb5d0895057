use super::meter::Reading;
use super::standing::Standing;
use alta_model::{GroupId, ServerId, Timestamp};

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
    /// Those of them that were read as a whole.
    pub groups_read: usize,
    /// The servers of these groups that are online.
    pub servers_online: usize,
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
    /// How its server stands; none for a self-hosted one. Other than [`Standing::Wanted`] while it closes.
    pub standing: Option<Standing>,
    /// What it is doing, and what it has counted.
    pub status: att_console::Status,
}

impl Health {
    pub(crate) fn new(counted: Reading) -> Self {
        Self {
            socket: None,
            read_at: None,
            groups: 0,
            groups_read: 0,
            servers_online: 0,
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

    /// Whether everything that should be connected is: the main websocket, and each open console.
    pub fn is_connected(&self) -> bool {
        let socket = self.socket.as_ref();
        socket.is_none_or(|socket| socket.state.is_connected())
            && self.consoles.iter().all(ConsoleHealth::is_connected)
    }
}

impl ConsoleHealth {
    /// Whether commands run on it now.
    pub fn is_connected(&self) -> bool {
        self.status.state.is_connected()
    }
}
