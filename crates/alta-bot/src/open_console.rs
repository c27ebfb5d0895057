//! Opens consoles by server id.

use crate::access::CloudAccess;
use crate::bot::Bot;
use crate::debug::{self, Channel};
use crate::error::{Error, ErrorKind};
use crate::open_consoles::{Reservation, WatchedConsole};
use crate::throttled_access::{ServerState, ThrottledAccess};
use crate::watch_server::{ServerInfo, WatchServer};
use alta_model::ServerId;
use alta_rest::ConsoleOptions;
use alta_socket::TaskGuard;
use att_console::{Console, NotConnected, State};
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;
use tracing::debug;

impl Bot {
    /// Opens the console of a server. It connects whenever the server runs, and subscribes again after every restart, until it
    /// is closed. Await the result; its methods configure it before that.
    ///
    /// The id is that of a server; the id of its group does not compile:
    ///
    /// ```compile_fail,E0308
    /// # use alta_bot::{Bot, GroupId};
    /// # fn open(bot: &Bot, group: GroupId) {
    /// bot.open_console(group);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::AlreadyOpen`]; [`ErrorKind::NoSuchServer`]; with
    /// [`ensure_open`](OpenConsole::ensure_open) also [`ErrorKind::TimedOut`] and [`ErrorKind::PermissionDenied`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before the console is made, nothing is open. If it is dropped while it waits for
    /// [`ensure_open`](OpenConsole::ensure_open), the console stays open and continues to connect.
    #[doc(alias = "create_console")]
    pub fn open_console(&self, server: ServerId) -> OpenConsole<'_> {
        OpenConsole {
            bot: self,
            server,
            config: self.inner.consoles.config.clone(),
            options: Ok(ConsoleOptions::default()),
            ensure_open: None,
            info: None,
            server_state: None,
        }
    }
}

impl Bot {
    /// The open console of a server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`].
    pub fn console(&self, server: ServerId) -> Result<Console, Error> {
        let console = self.inner.consoles.get(server);
        console.ok_or_else(|| Error::new(ErrorKind::NotOpen(server), "getting a console"))
    }

    /// All open consoles, by server id. A console counts as open whether its server runs or not.
    #[doc(alias = "get_active_consoles")]
    pub fn consoles(&self) -> Vec<(ServerId, Console)> {
        self.inner.consoles.all()
    }

    /// Closes the console of a server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`].
    pub async fn close_console(&self, server: ServerId) -> Result<(), Error> {
        let was_open = self.inner.consoles.close_one(server).await;
        let not_open = || Error::new(ErrorKind::NotOpen(server), "closing a console");
        was_open.then_some(()).ok_or_else(not_open)
    }
}

/// A builder of a console: await it.
#[must_use = "nothing is opened until it is awaited"]
pub struct OpenConsole<'a> {
    bot: &'a Bot,
    server: ServerId,
    config: att_console::Config,
    options: Result<ConsoleOptions, ErrorKind>,
    ensure_open: Option<Duration>,
    /// The name and the group, if the caller knows them: then they are not requested.
    info: Option<ServerInfo>,
    /// The state of the server, if the caller follows it.
    server_state: Option<ServerState>,
}

/// The timeout of the request for the server's name and group. They are for the label and for status events; without them, the
/// console still opens, and they are requested again in the background.
const INFO_TIMEOUT: Duration = Duration::from_secs(2);

impl OpenConsole<'_> {
    /// Waits until the console is ready, at most for this time. Without this, the console is returned at once, whether its
    /// server runs or not.
    pub fn ensure_open(mut self, within: Duration) -> Self {
        self.ensure_open = Some(within);
        self
    }

    /// Sets the configuration of this console.
    pub fn config(mut self, config: att_console::Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the options of the request for access, such as a start of the server. By default a stopped server is not started.
    pub fn options(mut self, options: ConsoleOptions) -> Self {
        self.options = Ok(options);
        self
    }

    /// Sets the [`options`](Self::options) as the JSON string of py-tale: `{"should_launch":"false","ignore_offline":"false"}`.
    ///
    /// A string that cannot be parsed is an error when this is awaited: [`ErrorKind::ArgumentFormat`] or
    /// [`ErrorKind::ArgumentType`].
    pub fn body(mut self, json: &str) -> Self {
        self.options = crate::body::read(json);
        self
    }

    /// For a caller that follows the server.
    pub(crate) fn follow(mut self, info: ServerInfo, state: ServerState) -> Self {
        self.info = Some(info);
        self.server_state = Some(state);
        self
    }

    async fn open(self) -> Result<Console, Error> {
        let Self { bot, server, .. } = self;
        let doing = format!("opening the console of server {server}");
        let failed = |kind| Error::new(kind, doing.clone());
        let options = self.options.map_err(&failed)?;
        let reservation = Reservation::new(&bot.inner.consoles, server).map_err(&failed)?;
        let info = match self.info {
            Some(info) => Some(info),
            None => read_info(bot, server, &doing).await?,
        };

        let mut config = self.config.server(server);
        let follow_name = config.label.is_none();
        if follow_name {
            config.label = info.as_ref().and_then(ServerInfo::label);
        }
        if let Some(watcher) = &bot.inner.consoles.watcher {
            config.observer = Some(debug::observer(watcher, Channel::Console(server)));
        }
        let access = CloudAccess::new(bot.rest().clone(), server, options);
        let console = match self.server_state {
            Some(state) => Console::open_with(ThrottledAccess::new(access, state), config),
            None => Console::open_with(access, config),
        };
        let watching = WatchServer {
            server,
            console: console.clone(),
            rest: bot.rest().clone(),
            socket: bot.socket().ok().cloned(),
            follow_name,
        };
        let watch = TaskGuard::spawn(|shutdown| async move {
            tokio::select! {
                () = shutdown.requested() => {}
                () = watching.run(info) => {}
            }
        });
        let watched = WatchedConsole {
            console,
            watch: Arc::new(watch),
            follow_name,
        };
        let console = watched.console.clone();
        if !reservation.fill(watched.clone()) {
            watched.close().await;
            return Err(failed(ErrorKind::Closed));
        }
        if let Some(within) = self.ensure_open {
            let mut not_connected = None;
            let ready = tokio::time::timeout(within, ready(&console, &mut not_connected)).await;
            let late = |_| {
                let late = failed(ErrorKind::TimedOut(within));
                match not_connected {
                    Some(because) => late.caused_by(because),
                    None => late,
                }
            };
            match ready.map_err(late)? {
                Ok(()) => {}
                Err(error) => {
                    // A later call may try again.
                    bot.inner.consoles.forget_closed(server);
                    return Err(Error::of_console(error, doing));
                }
            }
        }
        Ok(console)
    }
}

/// Waits until the console is ready, and keeps the latest reason why it is not.
async fn ready(
    console: &Console,
    not_connected: &mut Option<NotConnected>,
) -> Result<(), att_console::Error> {
    let mut statuses = console.statuses();
    while let Some(status) = statuses.next().await {
        match status.state {
            State::Recovering { because, .. } => *not_connected = Some(because),
            state if state.is_connected() => break,
            _ => {}
        }
    }
    console.ready().await
}

/// The server's name and group; `None` if they cannot be read now.
async fn read_info(bot: &Bot, server: ServerId, doing: &str) -> Result<Option<ServerInfo>, Error> {
    use alta_rest::ErrorKind::{NoAccount, NotFound};

    let reading = tokio::time::timeout(INFO_TIMEOUT, bot.rest().servers().get(server));
    match reading.await {
        Ok(Ok(server)) => Ok(Some(ServerInfo::from(server))),
        // No request for this server can succeed.
        Ok(Err(error)) if matches!(error.kind(), NotFound | NoAccount) => {
            Err(Error::of_server(error, server, doing.to_owned()))
        }
        Ok(Err(error)) => {
            debug!(%server, ?error, "opening a console without the server's name");
            Ok(None)
        }
        Err(_) => {
            debug!(%server, "opening a console without the server's name: no response yet");
            Ok(None)
        }
    }
}

impl<'a> IntoFuture for OpenConsole<'a> {
    type Output = Result<Console, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl fmt::Debug for OpenConsole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConsole")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
