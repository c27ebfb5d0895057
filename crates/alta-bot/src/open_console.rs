//! Opening consoles by server id, each back whenever its server comes up.

use crate::access::CloudAccess;
use crate::bot::Bot;
use crate::consoles::{Managed, Reservation};
use crate::debug::{Channel, TapDialer};
use crate::error::{Error, ErrorKind};
use alta_model::{Server, ServerId};
use alta_rest::ConsoleOptions;
use alta_socket::TaskGuard;
use alta_ws::{Event, GroupServerStatus, Missed, Subscription};
use att_console::{Console, State, Trouble};
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

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
        }
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
}

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

    async fn open(self) -> Result<Console, Error> {
        let Self { bot, server, .. } = self;
        let doing = format!("opening the console of server {server}");
        let failed = |kind| Error::new(kind, doing.clone());
        let options = self.options.map_err(&failed)?;
        let reservation = Reservation::new(bot, server).map_err(&failed)?;
        let about = bot.rest().servers().get(server).await;
        let about = about.map_err(|error| Error::of_server(error, server, doing.clone()))?;

        let mut config = self.config.server(server);
        if config.label.is_none() && !about.name.is_empty() {
            config.label = Some(about.name);
        }
        if let Some(watcher) = &bot.inner.consoles.watcher {
            config.dialer = Arc::new(TapDialer {
                dialer: config.dialer,
                channel: Channel::Console(server),
                watcher: Arc::clone(watcher),
            });
        }
        let access = CloudAccess::new(bot.rest().clone(), server, options);
        let console = Console::open_with(access, config);
        let watch = about.group_id.and_then(|group| {
            let statuses = bot
                .socket()
                .ok()?
                .subscribe(GroupServerStatus(group))
                .start();
            let console = console.clone();
            Some(Arc::new(TaskGuard::spawn(|shutdown| async move {
                tokio::select! {
                    () = shutdown.requested() => {}
                    () = hurry_when_up(server, statuses, console) => {}
                }
            })))
        });
        let managed = Managed { console, watch };
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
async fn ready(console: &Console, trouble: &mut Option<Trouble>) -> Result<(), att_console::Error> {
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

/// Tells a console that waits when its server has come up. After a gap that may have been missed: then it tries. One that
/// is closed for good waits for nothing.
async fn hurry_when_up(server: ServerId, mut statuses: Subscription<Server>, console: Console) {
    // As a stream, which yields when the state changes; waiting for a condition would look at each event, too.
    let mut states = console.statuses();
    loop {
        tokio::select! {
            status = statuses.next() => {
                let Some(status) = status else { return };
                if may_be_up(server, status) && !console.status().state.is_connected() {
                    console.retry_now().await;
                }
            }
            state = states.next() => {
                if state.is_none_or(|now| now.state.is_closed()) {
                    return;
                }
            }
        }
    }
}

fn may_be_up(server: ServerId, status: Result<Event<Server>, Missed>) -> bool {
    match status {
        Ok(event) => event.data.id == server && event.data.is_up(),
        Err(missed) => matches!(missed, Missed::Gap { .. } | Missed::Lagged(_)),
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
