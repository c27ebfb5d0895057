//! Opening consoles by server id, each back whenever its server comes up.

use crate::access::CloudAccess;
use crate::bot::Bot;
use crate::consoles::{Managed, Reservation};
use crate::debug::{self, Channel};
use crate::error::{Error, ErrorKind};
use crate::patient_access::{PatientAccess, Watched};
use crate::watch_server::{About, WatchServer};
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
    /// Opens the console of a server, for good: it connects whenever the server is up, and comes back with its
    /// subscriptions after every restart. Await the result; set it up before that if need be.
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::AlreadyOpen`]; [`ErrorKind::NoSuchServer`]; with
    /// [`ensure_open`](OpenConsole::ensure_open) also [`ErrorKind::TimedOut`] and [`ErrorKind::PermissionDenied`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before the console is made opens nothing; while it waits to be
    /// [ensured](OpenConsole::ensure_open), the console stays open and goes on trying.
    #[doc(alias = "create_console")]
    pub fn open_console(&self, server: ServerId) -> OpenConsole<'_> {
        OpenConsole {
            bot: self,
            server,
            config: self.inner.consoles.config.clone(),
            options: Ok(ConsoleOptions::default()),
            ensure_open: None,
            about: None,
            watched: None,
        }
    }
}

impl Bot {
    /// The open console of a server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`] if none was opened.
    pub fn console(&self, server: ServerId) -> Result<Console, Error> {
        let console = self.inner.consoles.get(server);
        console.ok_or_else(|| Error::new(ErrorKind::NotOpen(server), "looking for a console"))
    }

    /// All open consoles, by server id; open in the sense that they were opened, whether their servers are up or not.
    #[doc(alias = "get_active_consoles")]
    pub fn consoles(&self) -> Vec<(ServerId, Console)> {
        self.inner.consoles.all()
    }

    /// Closes the console of a server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`] if none was opened.
    pub async fn close_console(&self, server: ServerId) -> Result<(), Error> {
        let was_open = self.inner.consoles.close_one(server).await;
        let not_open = || Error::new(ErrorKind::NotOpen(server), "closing a console");
        was_open.then_some(()).ok_or_else(not_open)
    }
}

/// A console about to be opened: await it.
#[must_use = "nothing is opened until it is awaited"]
pub struct OpenConsole<'a> {
    bot: &'a Bot,
    server: ServerId,
    config: att_console::Config,
    options: Result<ConsoleOptions, ErrorKind>,
    ensure_open: Option<Duration>,
    /// What the caller knows of the server, so that the service need not be asked.
    about: Option<About>,
    /// Whether the server runs, if the caller watches it.
    watched: Option<Watched>,
}

/// How long opening waits for the server's name and group. They are for the label and for status events; a console opens
/// without them, and asks again in the background.
const PATIENCE: Duration = Duration::from_secs(2);

impl OpenConsole<'_> {
    /// Waits until the console is ready, for at most so long. Without this it is handed out at once, whether the server
    /// is up or not.
    pub fn ensure_open(mut self, within: Duration) -> Self {
        self.ensure_open = Some(within);
        self
    }

    /// Another configuration for this console.
    pub fn config(mut self, config: att_console::Config) -> Self {
        self.config = config;
        self
    }

    /// What the cloud is asked to do about a server that is not running. Nothing, by default.
    pub fn options(mut self, options: ConsoleOptions) -> Self {
        self.options = Ok(options);
        self
    }

    /// The same as the JSON text that py-tale takes: `{"should_launch":"false","ignore_offline":"false"}`.
    ///
    /// One that cannot be read makes the call fail, when awaited, with [`ErrorKind::ArgumentFormat`] or
    /// [`ErrorKind::ArgumentType`].
    pub fn body(mut self, json: &str) -> Self {
        self.options = crate::body::read(json);
        self
    }

    /// For somebody who watches the server.
    pub(crate) fn watched(mut self, about: About, watched: Watched) -> Self {
        self.about = Some(about);
        self.watched = Some(watched);
        self
    }

    async fn open(self) -> Result<Console, Error> {
        let Self { bot, server, .. } = self;
        let doing = format!("opening the console of server {server}");
        let failed = |kind| Error::new(kind, doing.clone());
        let options = self.options.map_err(&failed)?;
        let reservation = Reservation::new(&bot.inner.consoles, server).map_err(&failed)?;
        let about = match self.about {
            Some(about) => Some(about),
            None => ask(bot, server, &doing).await?,
        };

        let mut config = self.config.server(server);
        let follow_name = config.label.is_none();
        if follow_name {
            config.label = about.as_ref().and_then(About::label);
        }
        if let Some(watcher) = &bot.inner.consoles.watcher {
            config.observer = Some(debug::observer(watcher, Channel::Console(server)));
        }
        let access = CloudAccess::new(bot.rest().clone(), server, options);
        let console = match self.watched {
            Some(watched) => Console::open_with(PatientAccess::new(access, watched), config),
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
                () = watching.run(about) => {}
            }
        });
        let managed = Managed {
            console,
            watch: Arc::new(watch),
            follow_name,
        };
        let console = managed.console.clone();
        if !reservation.fill(managed.clone()) {
            managed.close().await;
            return Err(failed(ErrorKind::Closed));
        }
        if let Some(within) = self.ensure_open {
            let mut trouble = None;
            let ready = tokio::time::timeout(within, ready(&console, &mut trouble)).await;
            let late = |_| {
                let late = failed(ErrorKind::TimedOut(within));
                match trouble {
                    Some(because) => late.because(because),
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

/// Waits until the console is ready, and notes why it is not.
async fn ready(
    console: &Console,
    trouble: &mut Option<NotConnected>,
) -> Result<(), att_console::Error> {
    let mut statuses = console.statuses();
    while let Some(status) = statuses.next().await {
        match status.state {
            State::Recovering { because, .. } => *trouble = Some(because),
            state if state.is_connected() => break,
            _ => {}
        }
    }
    console.ready().await
}

/// The server's name and group; none if the service does not say them now.
async fn ask(bot: &Bot, server: ServerId, doing: &str) -> Result<Option<About>, Error> {
    use alta_rest::ErrorKind::{NoAccount, NotFound};

    let asking = tokio::time::timeout(PATIENCE, bot.rest().servers().get(server));
    match asking.await {
        Ok(Ok(server)) => Ok(Some(About::from(server))),
        // Nothing that is asked of this server can succeed.
        Ok(Err(error)) if matches!(error.kind(), NotFound | NoAccount) => {
            Err(Error::of_server(error, server, doing.to_owned()))
        }
        Ok(Err(error)) => {
            debug!(%server, ?error, "opening a console without the server's name");
            Ok(None)
        }
        Err(_) => {
            debug!(%server, "opening a console without the server's name: no answer yet");
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
