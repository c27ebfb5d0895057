use crate::accounts::{BotAccount, FirstAccounts, UserAccount};
use crate::action::Action;
use crate::agenda::Agenda;
use crate::config::{BotStart, Config, Scenario};
use crate::error::{Error, ErrorKind};
use crate::listen;
use crate::setup::{self, Entry, Group, Opening, Server, check};
use crate::shared::Shared;
use crate::sim::{Guard, Sim};
#[cfg(feature = "tls")]
use crate::tls::Certificate;
use crate::world::World;
use alta_cloud::net::Clock;
use alta_cloud::state::{Cloud, Era, Membership};
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The settings of a [`Sim`] before its start.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    config: Config,
    /// In the order of their times.
    timeline: Vec<Entry>,
}

impl Sim {
    /// Sets a simulator up.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Sets the seed of everything random (default 0).
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Sets the HTTP port (default 0: every port is any free one). The main websocket takes the next port, consoles the
    /// ports after it.
    pub fn port(mut self, port: u16) -> Self {
        self.config.port = port;
        self
    }

    /// Sets whether the world changes by itself (default: [`Scenario::Empty`]).
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.config.scenario = scenario;
        self
    }

    /// Sets the time between two events on a server in [`Scenario::Town`] (default 500 ms).
    pub fn pace(mut self, pace: Duration) -> Self {
        self.config.pace = pace;
        self
    }

    /// Sets the time between two heartbeats (`group-server-heartbeat`) of an online server (default 15 s, as in the cloud).
    pub fn heartbeats(mut self, every: Duration) -> Self {
        self.config.heartbeats = every.max(Duration::from_millis(1));
        self
    }

    /// Only [`Sim::heartbeat`] sends heartbeats.
    pub fn without_heartbeats(mut self) -> Self {
        self.config.heartbeats = Duration::ZERO;
        self
    }

    /// Sets the year whose JSON form of servers is used (default: [`Era::Y2023`]).
    pub fn era(mut self, era: Era) -> Self {
        self.config.cloud.era = era;
        self
    }

    /// Sets the bot account, which otherwise has the values of [`BotAccount::default`].
    pub fn bot_account(mut self, bot: BotAccount) -> Self {
        self.config.bot_account = bot;
        self
    }

    /// Sets the user account, which otherwise has the values of [`UserAccount::default`].
    pub fn user_account(mut self, user: UserAccount) -> Self {
        self.config.user_account = user;
        self
    }

    /// Adds another bot account. Its user id, its name and its client id differ from those of other accounts.
    pub fn another_bot(mut self, bot: BotAccount) -> Self {
        self.config.more_bots.push(bot);
        self
    }

    /// Adds another user account. Its user id, its name and its e-mail address differ from those of other accounts.
    pub fn another_user(mut self, user: UserAccount) -> Self {
        self.config.more_users.push(user);
        self
    }

    /// Adds a group with its servers. With one, the default group and server do not exist; [`Sim::group`] and [`Sim::server`] are the
    /// first ones.
    pub fn group(mut self, group: Group) -> Self {
        self.config.default_world = false;
        self.config.setup.groups.push(group);
        self
    }

    /// Adds a self-hosted server.
    pub fn self_hosted(mut self, server: Server) -> Self {
        self.config.setup.self_hosted.push(server);
        self
    }

    /// Performs an action at a time after the start, by the clock of the simulator. Actions of one time are performed in the order
    /// in which they were added. If an action is not possible, [`Sim::timeline_failures`] has the reason.
    pub fn at(mut self, time: Duration, action: impl Into<Action>) -> Self {
        setup::add(&mut self.timeline, time, action.into());
        self
    }

    /// Sets the bot's role in the default group: 1 member, 2 moderator (default; has the permission `Console`), 7 owner.
    pub fn bot_role(mut self, role_id: u64) -> Self {
        self.config.bot = BotStart::Role(role_id);
        self
    }

    /// Invites the bot to the default group. When it accepts, its role is that of a member; see [`Sim::set_role`].
    pub fn bot_invited(mut self) -> Self {
        self.config.bot = BotStart::Invited;
        self
    }

    /// The bot is neither a member of the default group nor invited.
    pub fn bot_stranger(mut self) -> Self {
        self.config.bot = BotStart::Stranger;
        self
    }

    /// Starts without the default group and server: only the two accounts exist.
    pub fn bare(mut self) -> Self {
        self.config.default_world = false;
        self
    }

    /// Sets whether the default server is online at the start (default: true).
    pub fn server_online(mut self, online: bool) -> Self {
        self.config.online = online;
        self
    }

    /// Sets the life of bot tokens (default 1 h). `expires_in` is in whole seconds.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.config.cloud.token_life = life;
        self
    }

    /// Sets the life of a user's access tokens (default 1 h). Refresh tokens live 24 times as long.
    pub fn user_token_life(mut self, life: Duration) -> Self {
        self.config.cloud.user_token_life = life;
        self
    }

    /// Sets the life of console tokens from `POST servers/{id}/console` (default 10 min).
    pub fn console_token_life(mut self, life: Duration) -> Self {
        self.config.cloud.console_token_life = life;
        self
    }

    /// Sets the time that a console needs to accept a token (default 5 ms). A command during this time is too early.
    pub fn login_delay(mut self, delay: Duration) -> Self {
        self.config.login_delay = delay;
        self
    }

    /// Sets the page size of arrays for requests without a `limit` (default 100).
    pub fn page_size(mut self, size: usize) -> Self {
        self.config.cloud.page_size = size.max(1);
        self
    }

    /// Sets the number of frames that may wait for one slow websocket client (default 8,192). One more ends its connection.
    pub fn queue(mut self, frames: usize) -> Self {
        self.config.queue = frames;
        self
    }

    /// Sets the limit of the journal (default 65,536 entries). At the limit the older half is dropped.
    pub fn journal(mut self, entries: usize) -> Self {
        self.config.journal = entries;
        self
    }

    /// Sets the timeout of [`Sim::wait_for`] and the other waits (default 10 s). [`Sim::set_timeout`] changes it later.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// Sets the longest life of a main websocket (default 2 h, as in the cloud).
    pub fn socket_life(mut self, life: Duration) -> Self {
        self.config.cloud.socket_life = life;
        self
    }

    /// Sets the time without a frame of the client after which a main websocket is closed (default 10 min, as in the cloud).
    pub fn socket_idle(mut self, idle: Duration) -> Self {
        self.config.cloud.socket_idle = idle;
        self
    }

    /// Sets whether after a migration the old main websocket still gets events (default: no).
    pub fn migration_overlap(mut self, overlap: bool) -> Self {
        self.config.cloud.migration_overlap = overlap;
        self
    }

    /// Sets the IP address of all ports (default 127.0.0.1). On another one than the loopback, other machines can connect.
    pub fn listen(mut self, address: IpAddr) -> Self {
        self.config.listen = address;
        self
    }

    /// Sets the host name or IP address by which clients reach the ports, for all addresses that the simulator gives out. The
    /// default is the address on which it listens; 127.0.0.1 or `::1` if it listens on all.
    pub fn advertise(mut self, host: impl Into<String>) -> Self {
        self.config.advertise = Some(host.into());
        self
    }

    /// Serves REST and the main websocket over TLS. The certificate is for `localhost`, 127.0.0.1 and the
    /// [advertised](Self::advertise) host, and is made at the start; see [`Sim::certificate_der`]. Consoles never use TLS.
    #[cfg(feature = "tls")]
    pub fn tls(mut self) -> Self {
        self.config.certificate = Certificate::SelfMade;
        self
    }

    /// Serves REST and the main websocket over TLS, with this certificate (and those between it and its root) and its key, in PEM.
    #[cfg(feature = "tls")]
    pub fn tls_with(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let pem = [certificate.into(), key.into()];
        self.config.certificate = Certificate::Given(Arc::new(pem));
        self
    }

    /// Opens the ports and starts the simulator.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if an account or the advertised host is not valid, [`ErrorKind::Listen`] if a port cannot be opened,
    /// [`ErrorKind::NoRuntime`] outside a tokio runtime, [`ErrorKind::Certificate`] with TLS.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime, and a later version may have to wait"
    )]
    pub async fn start(self) -> Result<Sim, Error> {
        let runtime = Handle::try_current().map_err(|source| {
            Error::new(ErrorKind::NoRuntime, "starting the simulator").because(source)
        })?;
        let mut config = self.config;
        config.cloud.console_host = config.advertised();
        check(&config, &self.timeline)?;
        config.timeline = self.timeline.iter().map(|entry| entry.at).collect();
        let first = first_world(&config, Clock::start().now())?;
        config.set_accounts(first.accounts);
        let shared = Arc::new(Shared::new(config, runtime, first.world));
        let endpoints = listen::open(&shared)?;
        let sim = Sim::assemble(Guard::new(Arc::clone(&shared)), endpoints, first.default);
        setup::open(&sim, &first.openings)?;
        shared.with(|state, now| state.agenda = Agenda::new(&shared.config, now));
        shared.env.tasks.spawn(Arc::clone(&shared).keep_time());
        if !self.timeline.is_empty() {
            let performing = setup::perform(self.timeline, Arc::clone(&shared), sim.downgrade());
            shared.env.tasks.spawn(performing);
        }
        Ok(sim)
    }

    /// Finds a value that is not possible.
    #[cfg(feature = "program")]
    pub(crate) fn check(&self) -> Result<(), setup::Problem> {
        check(&self.config, &self.timeline)
    }
}

/// The world at the start.
pub(crate) struct First {
    pub(crate) world: World,
    /// The default group and server, or else the first ones.
    default: (u64, u64),
    accounts: FirstAccounts,
    /// The servers, which are offline.
    pub(crate) openings: Vec<Opening>,
}

/// The world at the start, with the accounts. The configuration was checked.
pub(crate) fn first_world(config: &Config, now: Timestamp) -> Result<First, Error> {
    let cloud = Cloud::new(config.cloud.clone(), config.seed);
    let mut world = World::new(cloud, config.seed);
    let accounts = FirstAccounts::add(&mut world.cloud, config.bots(), config.users(), now)?;
    let id_of = |first: Option<u64>| first.unwrap_or_default();
    let bot = id_of(accounts.bots.first().map(|bot| bot.user_id));
    let user = id_of(accounts.users.first().map(|user| user.user_id));
    let mut built = setup::build(&mut world, &config.setup, user, now);
    if config.default_world {
        let group = world.cloud.add_group("Thornwood Folk", user, now);
        let membership = match config.bot {
            BotStart::Invited => Some((Membership::Invited, None)),
            BotStart::Role(role) => Some((Membership::Accepted, Some(role))),
            BotStart::Stranger => None,
        };
        if let Some((membership, role)) = membership {
            world.cloud.set_member(group, bot, membership, role, now);
        }
        let server = world.add_server(Some(group), "Thornwood", now);
        built.first = (group, server);
        let mut thornwood = Server::new("Thornwood");
        thornwood.online = Some(config.online);
        let opening = Opening {
            id: server,
            server: thornwood,
        };
        built.openings.insert(0, opening);
    }
    world.cloud.drop_events();
    Ok(First {
        world,
        default: built.first,
        accounts,
        openings: built.openings,
    })
}
