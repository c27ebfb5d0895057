use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::shared::Shared;
use crate::sim::{Guard, Sim};
use crate::world::{Era, Standing, World};
use crate::{listen, town};

/// Whether the world moves by itself.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Scenario {
    /// The world moves only when driven.
    #[default]
    Empty,
    /// A living town: on every server that is online players join, walk through chunks and cave layers, fight, die,
    /// trade and leave, one happening per [`Builder::pace`].
    Town,
}

/// How the bot stands to the default group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BotStart {
    Invited,
    Role(u64),
    Stranger,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent settings")]
pub(crate) struct Config {
    pub(crate) seed: u64,
    pub(crate) port: u16,
    pub(crate) scenario: Scenario,
    pub(crate) pace: Duration,
    /// Zero for none.
    pub(crate) heartbeats: Duration,
    pub(crate) era: Era,
    pub(crate) bot: BotStart,
    pub(crate) default_world: bool,
    pub(crate) online: bool,
    pub(crate) token_life: Duration,
    pub(crate) user_token_life: Duration,
    pub(crate) console_token_life: Duration,
    pub(crate) login_delay: Duration,
    pub(crate) page_size: usize,
    pub(crate) queue: usize,
    pub(crate) journal: usize,
    pub(crate) patience: Duration,
    pub(crate) socket_life: Duration,
    pub(crate) socket_idle: Duration,
    pub(crate) migration_overlap: bool,
    pub(crate) tls: bool,
}

/// How to start a [`Sim`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    config: Config,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            config: Config {
                seed: 0,
                port: 0,
                scenario: Scenario::Empty,
                pace: Duration::from_millis(500),
                heartbeats: town::HEARTBEAT,
                era: Era::default(),
                bot: BotStart::Role(2),
                default_world: true,
                online: true,
                token_life: Duration::from_secs(3_600),
                user_token_life: Duration::from_secs(3_600),
                console_token_life: Duration::from_secs(600),
                login_delay: Duration::from_millis(5),
                page_size: 100,
                queue: 8_192,
                journal: 65_536,
                patience: Duration::from_secs(10),
                socket_life: Duration::from_secs(2 * 3_600),
                socket_idle: Duration::from_secs(600),
                migration_overlap: false,
                tls: false,
            },
        }
    }

    /// The seed of everything random (default 0).
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// The HTTP port (default 0: every port is any free one). The main websocket takes the next port, consoles those
    /// after it.
    pub fn port(mut self, port: u16) -> Self {
        self.config.port = port;
        self
    }

    /// Whether the world moves by itself (default: [`Scenario::Empty`]).
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.config.scenario = scenario;
        self
    }

    /// The time between two happenings on a server in [`Scenario::Town`] (default 500 ms).
    pub fn pace(mut self, pace: Duration) -> Self {
        self.config.pace = pace;
        self
    }

    /// How often servers that are online send `group-server-heartbeat` (default 15 s, as the cloud did).
    pub fn heartbeats(mut self, every: Duration) -> Self {
        self.config.heartbeats = every.max(Duration::from_millis(1));
        self
    }

    /// No server sends heartbeats but by [`Sim::heartbeat`].
    pub fn without_heartbeats(mut self) -> Self {
        self.config.heartbeats = Duration::ZERO;
        self
    }

    /// In which year's shape REST and events write servers (default: [`Era::Y2023`]).
    pub fn era(mut self, era: Era) -> Self {
        self.config.era = era;
        self
    }

    /// The bot's role in the default group: 1 member, 2 moderator (default; may use the console), 7 owner.
    pub fn bot_role(mut self, role_id: u64) -> Self {
        self.config.bot = BotStart::Role(role_id);
        self
    }

    /// The bot is only invited to the default group. Once in, it is a member; see [`Sim::set_role`].
    pub fn bot_invited(mut self) -> Self {
        self.config.bot = BotStart::Invited;
        self
    }

    /// The bot has nothing to do with the default group.
    pub fn bot_stranger(mut self) -> Self {
        self.config.bot = BotStart::Stranger;
        self
    }

    /// Without the default group and server: only the two accounts exist.
    pub fn bare(mut self) -> Self {
        self.config.default_world = false;
        self
    }

    /// Whether the default server is online at the start (default: true).
    pub fn server_online(mut self, online: bool) -> Self {
        self.config.online = online;
        self
    }

    /// The life of bot tokens (default 1 h). `expires_in` is in whole seconds.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.config.token_life = life;
        self
    }

    /// The life of a user's access tokens (default 1 h); refresh tokens live 24 times as long.
    pub fn user_token_life(mut self, life: Duration) -> Self {
        self.config.user_token_life = life;
        self
    }

    /// The life of console tokens from `POST servers/{id}/console` (default 10 min).
    pub fn console_token_life(mut self, life: Duration) -> Self {
        self.config.console_token_life = life;
        self
    }

    /// How long a console takes to accept a token (default 5 ms). What a client sends in that time comes too early.
    pub fn login_delay(mut self, delay: Duration) -> Self {
        self.config.login_delay = delay;
        self
    }

    /// The page size of paged lists when the request sets no `limit` (default 100).
    pub fn page_size(mut self, size: usize) -> Self {
        self.config.page_size = size.max(1);
        self
    }

    /// How many frames may wait for one slow websocket client before it loses its connection (default 8,192).
    pub fn queue(mut self, frames: usize) -> Self {
        self.config.queue = frames;
        self
    }

    /// How much of what is received is remembered (default 65,536 entries); the oldest half goes at the limit.
    pub fn journal(mut self, entries: usize) -> Self {
        self.config.journal = entries;
        self
    }

    /// How long [`Sim::wait_for`] and its like wait (default 10 s); [`Sim::set_patience`] changes it later.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.config.patience = patience;
        self
    }

    /// When the main websocket is cut whatever happens (default 2 h, as the cloud did).
    pub fn socket_life(mut self, life: Duration) -> Self {
        self.config.socket_life = life;
        self
    }

    /// When the main websocket is cut if the client sends no frame (default 10 min, as the cloud did).
    pub fn socket_idle(mut self, idle: Duration) -> Self {
        self.config.socket_idle = idle;
        self
    }

    /// Whether after a migration the old socket still gets the events too (default: no).
    pub fn migration_overlap(mut self, overlap: bool) -> Self {
        self.config.migration_overlap = overlap;
        self
    }

    /// Serves REST and the main websocket over TLS, with a certificate for `localhost` and 127.0.0.1 made at the
    /// start; see [`Sim::certificate_der`]. Consoles stay plain, as they are.
    #[cfg(feature = "tls")]
    pub fn tls(mut self) -> Self {
        self.config.tls = true;
        self
    }

    /// Opens the ports and starts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if a port cannot be opened, [`ErrorKind::NoRuntime`] outside a tokio runtime,
    /// [`ErrorKind::Certificate`] with TLS.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime, and may one day have to wait"
    )]
    pub async fn start(self) -> Result<Sim, Error> {
        let runtime = Handle::try_current().map_err(|source| {
            Error::new(ErrorKind::NoRuntime, "starting the simulator").because(source)
        })?;
        let config = self.config;
        let now = Clock::start().now();
        let mut world = World::new(config.seed);
        world.era = config.era;
        let bot = world.add_bot("Example_Bot", now);
        let user = world.person("Ashwick", false, now);
        let accounts = Accounts::new(bot, "Example_Bot", user, "Ashwick");
        let mut default = None;
        if config.default_world {
            let group = world.add_group("Thornwood Folk", user, now);
            match config.bot {
                BotStart::Invited => {
                    world.stand(group, bot, Standing::Invited, None, now);
                }
                BotStart::Role(role) => {
                    world.stand(group, bot, Standing::Accepted, Some(role), now);
                }
                BotStart::Stranger => {}
            }
            default = Some((group, world.add_server(Some(group), "Thornwood", now)));
        }
        world.take_effects();
        let online = config.online;
        let heartbeats = config.heartbeats;
        let scenario = config.scenario;
        let shared = Arc::new(Shared::new(config, runtime, world, accounts));
        let endpoints = listen::open(&shared)?;
        let sim = Sim::assemble(Guard::new(Arc::clone(&shared)), endpoints, default);
        if let Some((_, server)) = default.filter(|_| online) {
            sim.start_server(server)?;
        }
        if !heartbeats.is_zero() {
            town::send_heartbeats(&shared, heartbeats);
        }
        if scenario == Scenario::Town {
            town::live(&shared);
        }
        Ok(sim)
    }
}
