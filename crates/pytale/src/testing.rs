//! The simulator of the cloud and of game servers, inside the process of a test.
//!
//! Most tests of bots need only [`World`]: one server, its players, the messages that they received, and a console or the settings
//! of a bot for it. [`Sim`] does everything else: several groups and servers, roles, invitations, and faults.

use alta_model::console::event::ConsoleEvent;
use alta_model::{GroupId, ServerId, UserId, Vector3};
pub use alta_sim::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A world with one bot account, one group and its server "Thornwood", which is online and empty. The bot may use its console.
///
/// A test needs no addresses, tokens or connections:
///
#[cfg_attr(feature = "bot", doc = "```")]
#[cfg_attr(not(feature = "bot"), doc = "```ignore")]
/// use pytale::prelude::*;
/// use pytale::testing::World;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let world = World::start().await?;
/// let handlers = Handlers::new().on::<PlayerJoined>(|console, event| async move {
///     console.command(player::message(event.data.user, "Welcome!")).await
/// });
/// let bot = world.bot().managed().handlers(handlers).start().await?;
///
/// world.wait_for_subscription::<PlayerJoined>().await?;
/// let ashwick = world.player_joins("Ashwick")?;
/// assert_eq!(world.message_to(ashwick).await?, "Welcome!");
///
/// world.restart().await?;
/// world.wait_for_subscription::<PlayerJoined>().await?;
/// let ashwick = world.player_joins("Ashwick")?;
/// assert_eq!(world.message_to(ashwick).await?, "Welcome!");
/// # bot.shutdown(Duration::from_secs(1)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct World {
    sim: Sim,
    /// The id of the server.
    server: u64,
    /// The token file of a self-hosted server.
    token_file: Option<PathBuf>,
    /// The number of messages to each player that `message_to` has returned.
    read: Mutex<BTreeMap<UserId, usize>>,
    /// The journal number of the last command that `wait_for_command` has returned, by its words.
    returned: Mutex<BTreeMap<String, u64>>,
}

impl World {
    /// Starts a world. It ends when it is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if no port of the loopback can be opened.
    pub async fn start() -> Result<Self, Error> {
        Ok(Sim::builder().start().await?.into())
    }

    /// Starts a world with a self-hosted server: it has a console and a token, and the cloud does not know it. Writes the token to
    /// `console_token.txt` in this folder, which must exist.
    ///
    #[cfg_attr(feature = "console", doc = "```")]
    #[cfg_attr(not(feature = "console"), doc = "```ignore")]
    /// use pytale::prelude::*;
    /// use pytale::testing::World;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = std::env::temp_dir().join(format!("own-server-{}", std::process::id()));
    /// std::fs::create_dir_all(&folder)?;
    /// let world = World::start_self_hosted(&folder).await?;
    ///
    /// // The bot needs an address and a token file.
    /// let address = Console::parse_address(&world.console_url()?)?;
    /// let console = Console::open(TokenFile::new(address, folder.join("console_token.txt")));
    /// world.player_joins("Ashwick")?;
    /// assert_eq!(console.command(player::list()).await?[0].username, "Ashwick");
    /// # console.close().await;
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if no port of the loopback can be opened, [`ErrorKind::File`] if the token cannot be written.
    pub async fn start_self_hosted(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let sim = Sim::builder().start().await?;
        let server = sim.add_self_hosted("Hollowmere")?;
        let token_file = sim.write_console_token(server, folder.as_ref())?;
        Ok(Self {
            server,
            token_file: Some(token_file),
            ..sim.into()
        })
    }

    /// Sets the timeout of all methods that wait (default 10 s). A bot that sends its message after 20 s needs a longer one.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.sim.set_timeout(timeout);
        self
    }

    /// The simulator, for everything that `World` does not offer. Its ids are plain integers.
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The id of the server.
    pub fn server(&self) -> ServerId {
        ServerId::new(self.server.cast_signed())
    }

    /// The address of the server's console, such as `ws://127.0.0.1:40123/`. A server of the cloud gets a new
    /// port at each start; a self-hosted server keeps its port.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotPossible`] if the server has never been online.
    pub fn console_url(&self) -> Result<String, Error> {
        self.sim.console_url(self.server)
    }

    /// The token file of a self-hosted server; `None` for a server of the cloud.
    pub fn token_file(&self) -> Option<&Path> {
        self.token_file.as_deref()
    }

    /// The id of the group that owns the server.
    pub fn group(&self) -> GroupId {
        GroupId::new(self.sim.group().cast_signed())
    }

    /// Waits until a bot has subscribed to this event. The server does not send earlier events.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after the timeout.
    pub async fn wait_for_subscription<E: ConsoleEvent>(&self) -> Result<(), Error> {
        let server = self.server;
        self.sim
            .wait_for_console_subscription(server, E::NAME)
            .await
    }

    /// Lets a player join the server. The same name is always the same player.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotPossible`] if the server is offline or the player is on it.
    pub fn player_joins(&self, username: &str) -> Result<UserId, Error> {
        let player = self.sim.player_joins(self.server, username)?;
        Ok(UserId::new(player.cast_signed()))
    }

    /// Lets a player leave.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_leaves(&self, player: UserId) -> Result<(), Error> {
        self.sim.player_leaves(self.server, id(player))
    }

    /// Moves a player to another chunk, such as `Cave Layer 3`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_moves(&self, player: UserId, chunk: &str) -> Result<(), Error> {
        self.sim.player_moves(self.server, id(player), chunk)
    }

    /// Sets the position of a player, in meters. There is no event, but `player detailed` and similar commands show it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_at(&self, player: UserId, at: Vector3) -> Result<(), Error> {
        let position = [at.x, at.y, at.z];
        self.sim.player_at(self.server, id(player), position)
    }

    /// Sets the positions of a player's hands, in meters. There is no event, but `player detailed` and similar commands show
    /// them. When the player moves, the hands move too. [`Sim::player_hands`] lists their default positions.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_hands(&self, player: UserId, left: Vector3, right: Vector3) -> Result<(), Error> {
        let [left, right] = [left, right].map(|at| [at.x, at.y, at.z]);
        self.sim.player_hands(self.server, id(player), left, right)
    }

    /// Lets a player follow a path, from the present place on, by the clock of the world; see [`Sim::player_follows`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there, [`ErrorKind::Invalid`] if this is no path.
    pub fn player_follows(&self, player: UserId, path: &[Waypoint]) -> Result<(), Error> {
        self.sim.player_follows(self.server, id(player), path)
    }

    /// Moves the clock of the world forward: tokens expire, heartbeats are sent, players go on. The clock of the bot does not
    /// move. See [`Sim::advance`].
    ///
    /// # Errors
    ///
    /// Those of [`Sim::advance`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the clock has moved by a part of the time.
    pub async fn advance(&self, by: Duration) -> Result<(), Error> {
        self.sim.advance(by).await
    }

    /// Kills a player.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_dies(&self, player: UserId) -> Result<(), Error> {
        self.sim.player_dies(self.server, id(player))
    }

    /// Lets a player kill a creature, such as `Turabada Large Variant`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_kills(&self, player: UserId, creature: &str) -> Result<(), Error> {
        let server = self.server;
        self.sim.player_kills(server, id(player), creature)
    }

    /// Lets a player buy two things from another player for half a coin.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn player_trades(&self, buyer: UserId, seller: UserId) -> Result<(), Error> {
        let server = self.server;
        self.sim.player_trades(server, id(buyer), id(seller))
    }

    /// Waits for the next message to a player and returns it: the oldest one that this method has not returned yet. The
    /// timeout is 10 s; [`with_timeout`](Self::with_timeout) changes it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after the timeout.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the next call returns the message.
    pub async fn message_to(&self, player: UserId) -> Result<String, Error> {
        let read = self.read(|read| read.get(&player).copied().unwrap_or_default());
        let server = self.server;
        let message = self.sim.wait_for_message(server, id(player), read).await?;
        self.read(|all| all.insert(player, read + 1));
        Ok(message.text)
    }

    /// All messages to a player so far, oldest first.
    pub fn messages_to(&self, player: UserId) -> Vec<String> {
        let messages = self.sim.messages(self.server).into_iter();
        let to_them = messages.filter(|message| message.player == id(player));
        to_them.map(|message| message.text).collect()
    }

    /// Waits for the next command to the server whose line begins with these words, such as `player teleport`, and returns
    /// the line: the oldest one that no call with the same words has returned yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after the timeout.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the next call returns the command.
    pub async fn wait_for_command(&self, words: &str) -> Result<String, Error> {
        let returned = || self.returned.lock().unwrap_or_else(PoisonError::into_inner);
        let after = returned().get(words).copied();
        let server = self.server;
        let found = self.sim.wait_for_command(server, words, after).await?;
        returned().insert(words.to_owned(), found.number);
        Ok(found.command().unwrap_or_default())
    }

    /// Sends the events of a recording, such as a journal of a real server, to the consoles that have subscribed to them. Returns
    /// their number. [`Sim::replay`] describes the form of a recording.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for a line in another form, [`ErrorKind::TimedOut`] after the timeout if a client does not read.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, no further events are sent.
    pub async fn replay(&self, recording: &str) -> Result<usize, Error> {
        self.sim.replay(self.server, recording).await
    }

    /// Stops the server. Its players are removed without an event.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] if a console stays connected.
    pub async fn stop_server(&self) -> Result<(), Error> {
        let server = self.server;
        self.sim.stop_server(server).await?;
        self.sim.wait_for_consoles(server, 0).await
    }

    /// Starts the server again, without players.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if no port of the loopback can be opened.
    pub fn start_server(&self) -> Result<(), Error> {
        self.sim.start_server(self.server)
    }

    /// Stops and starts the server. Bots reconnect by themselves; then [`wait_for_subscription`](Self::wait_for_subscription)
    /// returns.
    ///
    /// # Errors
    ///
    /// Those of [`stop_server`](Self::stop_server) and [`start_server`](Self::start_server).
    pub async fn restart(&self) -> Result<(), Error> {
        self.stop_server().await?;
        self.start_server()
    }

    fn read<T>(&self, look: impl FnOnce(&mut BTreeMap<UserId, usize>) -> T) -> T {
        look(&mut self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl From<Sim> for World {
    /// Uses the default group and server of a simulator. It must not be [bare](Builder::bare).
    fn from(sim: Sim) -> Self {
        Self {
            server: sim.server(),
            token_file: None,
            sim,
            read: Mutex::default(),
            returned: Mutex::default(),
        }
    }
}

#[cfg(feature = "bot")]
impl World {
    /// The settings of a bot in this world. Its connections reconnect after at most 50 ms.
    pub fn bot(&self) -> alta_bot::Builder {
        use alta_bot::{Bot, BotCredentials};

        let account = self.sim.bot();
        let credentials = BotCredentials::new(account.client_id, account.client_secret);
        let bot = Bot::builder().bot(credentials);
        let bot = bot.socket_config(alta_ws::Config::default().backoff(at_once()));
        let bot = bot.console_config(console_config());
        match self.endpoints() {
            Some(endpoints) => bot.endpoints(endpoints),
            None => bot,
        }
    }

    fn endpoints(&self) -> Option<alta_bot::Endpoints> {
        let token = self.sim.token_url().parse().ok()?;
        let rest = self.sim.rest_url().parse().ok()?;
        let socket = self.sim.socket_url().parse().ok()?;
        Some(alta_bot::Endpoints::new(token, rest, socket))
    }
}

#[cfg(feature = "console")]
impl World {
    /// A console of the server, opened without a `Bot`. It reconnects within about 50 ms after a restart.
    pub fn console(&self) -> att_console::Console {
        let name = self.sim.name_of(self.server).unwrap_or_default();
        att_console::Console::open_with(self.access(), console_config().label(name))
    }

    /// Access to the server's console, for code that opens the console itself.
    pub fn access(&self) -> impl att_console::Access + use<> {
        WorldAccess(self.sim.clone(), self.server)
    }
}

/// Reads the address at each attempt, since a server gets a new port at each start.
#[cfg(feature = "console")]
struct WorldAccess(Sim, u64);

#[cfg(feature = "console")]
type Granted = Result<att_console::ConsoleAccess, att_console::AccessError>;

#[cfg(feature = "console")]
impl att_console::Access for WorldAccess {
    fn access(&self) -> std::pin::Pin<Box<dyn Future<Output = Granted> + Send + '_>> {
        let Self(sim, server) = self;
        let server = *server;
        let url = sim.console_url(server).ok();
        let access = url.and_then(|url| url.parse().ok()).map(|url| {
            let token = sim.console_token(server);
            att_console::ConsoleAccess::new(url, token).may_change()
        });
        let down = || att_console::AccessError::NotYet {
            message: "the server is down".to_owned(),
            retry_after: None,
        };
        Box::pin(std::future::ready(access.ok_or_else(down)))
    }
}

#[cfg(feature = "console")]
fn console_config() -> att_console::Config {
    att_console::Config::default().backoff(at_once())
}

#[cfg(feature = "console")]
fn at_once() -> alta_socket::BackoffPolicy {
    alta_socket::BackoffPolicy::new(Duration::from_millis(10), Duration::from_millis(50))
}

fn id(player: UserId) -> u64 {
    player.get().cast_unsigned()
}
