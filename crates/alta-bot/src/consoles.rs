//! The consoles that a bot has open, by server id, each back whenever its server comes up.

use crate::access::CloudAccess;
use crate::bot::Bot;
use crate::console_events::{Follow, Following};
use crate::debug::{Channel, TapDialer, Watcher};
use crate::error::{Error, ErrorKind};
use alta_model::{Server, ServerId};
use alta_rest::ConsoleOptions;
use alta_socket::TaskGuard;
use alta_ws::{GroupServerStatus, Missed, Subscription};
use att_console::Console;
use futures_core::future::BoxFuture;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

pub(crate) struct Consoles {
    config: att_console::Config,
    /// What looks at their traffic.
    watcher: Option<Watcher>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    by_server: BTreeMap<ServerId, Place>,
    /// Streams over all consoles: they want those to come as well.
    followers: Vec<Weak<dyn Follow>>,
    closed: bool,
}

/// A place is taken before the console in it is open, so that two calls cannot open two.
enum Place {
    Taken,
    Console(Managed),
}

#[derive(Clone)]
struct Managed {
    console: Console,
    /// Follows the server's status and hurries the console when it is up.
    watch: Option<Arc<TaskGuard>>,
}

impl Consoles {
    pub(crate) fn new(config: att_console::Config, watcher: Option<Watcher>) -> Self {
        Self {
            config,
            watcher,
            open: Mutex::default(),
        }
    }

    pub(crate) async fn close(&self) {
        let managed: Vec<_> = {
            let mut open = self.lock();
            open.closed = true;
            let places = open.by_server.values();
            places.filter_map(Place::managed).cloned().collect()
        };
        for follower in self.followers() {
            follower.complete();
        }
        for managed in managed {
            managed.close().await;
        }
    }

    /// Hands a stream the consoles that it wants, those open now and those to come.
    pub(crate) fn follow<T: DeserializeOwned + Send + 'static>(
        &self,
        following: &Arc<Following<T>>,
    ) -> Result<(), ErrorKind> {
        let mut open = self.lock();
        if open.closed {
            return Err(ErrorKind::Closed);
        }
        let consoles: Vec<_> = open
            .consoles()
            .filter(|(server, _)| following.wants(*server))
            .collect();
        match following.server {
            Some(server) if consoles.is_empty() => return Err(ErrorKind::NotOpen(server)),
            _ => {}
        }
        for (server, console) in consoles {
            following.opened(server, console);
        }
        open.followers
            .retain(|follower| follower.strong_count() > 0);
        let follower: Weak<Following<T>> = Arc::downgrade(following);
        open.followers.push(follower);
        Ok(())
    }

    /// The streams that there are.
    pub(crate) fn followers(&self) -> Vec<Arc<dyn Follow>> {
        let open = self.lock();
        open.followers.iter().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // A map that is changed in one step is whole whatever panicked beside it.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Consoles {
    fn drop(&mut self) {
        for follower in self.followers() {
            follower.complete();
        }
    }
}

impl Open {
    /// Those that are open, whether their servers are up or not. One that was refused for good is not.
    fn consoles(&self) -> impl Iterator<Item = (ServerId, &Console)> {
        let places = self.by_server.iter();
        places.filter_map(|(server, place)| Some((*server, place.console()?)))
    }
}

impl Place {
    fn managed(&self) -> Option<&Managed> {
        match self {
            Place::Taken => None,
            Place::Console(managed) => Some(managed),
        }
    }

    /// The console in it, unless it is not open yet or closed for good.
    fn console(&self) -> Option<&Console> {
        let console = &self.managed()?.console;
        (!console.status().state.is_closed()).then_some(console)
    }
}

impl Managed {
    async fn close(&self) {
        if let Some(watch) = &self.watch {
            watch.close().await;
        }
        self.console.close().await;
    }
}

impl Bot {
    /// Opens the console of a server, for good: it connects whenever the server is up, and comes back with its
    /// subscriptions after every restart. Await the result; set it up before that if need be.
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::AlreadyOpen`]; [`ErrorKind::NoSuchServer`]; with
    /// [`ensure_open`](OpenConsole::ensure_open) also [`ErrorKind::TimedOut`] and [`ErrorKind::PermissionDenied`].
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

    /// The open console of a server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`] if none was opened.
    pub fn console(&self, server: ServerId) -> Result<Console, Error> {
        let open = self.inner.consoles.lock();
        let console = open.by_server.get(&server).and_then(Place::console);
        console
            .cloned()
            .ok_or_else(|| Error::new(ErrorKind::NotOpen(server), "looking for a console"))
    }

    /// All open consoles, by server id; open in the sense that they were opened, whether their servers are up or not.
    #[doc(alias = "get_active_consoles")]
    pub fn consoles(&self) -> Vec<(ServerId, Console)> {
        let open = self.inner.consoles.lock();
        let consoles = open.consoles();
        consoles
            .map(|(server, console)| (server, console.clone()))
            .collect()
    }

    /// Closes the console of a server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`] if none was opened.
    pub async fn close_console(&self, server: ServerId) -> Result<(), Error> {
        let place = {
            let mut open = self.inner.consoles.lock();
            let is_open = open
                .by_server
                .get(&server)
                .is_some_and(|place| place.console().is_some());
            is_open.then(|| open.by_server.remove(&server)).flatten()
        };
        match place.as_ref().and_then(Place::managed) {
            Some(managed) => {
                managed.close().await;
                Ok(())
            }
            None => Err(Error::new(ErrorKind::NotOpen(server), "closing a console")),
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
        reservation.fill(Managed {
            console: console.clone(),
            watch,
        });
        if let Some(within) = self.ensure_open {
            let ready = tokio::time::timeout(within, console.ready()).await;
            match ready.map_err(|_| failed(ErrorKind::TimedOut(within)))? {
                Ok(()) => {}
                Err(error) => {
                    // It is closed for good: a later call may try again.
                    let _ = bot.close_console(server).await;
                    return Err(Error::of_console(error, doing));
                }
            }
        }
        Ok(console)
    }
}

/// Tells a console that waits when its server has come up. After a gap that may have been missed: then it tries.
async fn hurry_when_up(server: ServerId, mut statuses: Subscription<Server>, console: Console) {
    while let Some(status) = statuses.next().await {
        let may_be_up = match status {
            Ok(event) => event.data.id == server && event.data.is_up(),
            Err(Missed::Gap { .. } | Missed::Lagged(_)) => true,
            Err(_) => false,
        };
        if may_be_up && !console.status().state.is_connected() {
            console.retry_now().await;
        }
    }
}

/// A place in the map that is given back unless it is filled.
struct Reservation<'a> {
    bot: &'a Bot,
    server: ServerId,
    filled: bool,
}

impl<'a> Reservation<'a> {
    fn new(bot: &'a Bot, server: ServerId) -> Result<Self, ErrorKind> {
        let mut open = bot.inner.consoles.lock();
        if open.closed {
            return Err(ErrorKind::Closed);
        }
        match open.by_server.get(&server) {
            Some(Place::Taken) => return Err(ErrorKind::AlreadyOpen(server)),
            Some(place) if place.console().is_some() => {
                return Err(ErrorKind::AlreadyOpen(server));
            }
            // It is free, or what was in it was refused for good.
            _ => open.by_server.insert(server, Place::Taken),
        };
        Ok(Self {
            bot,
            server,
            filled: false,
        })
    }

    /// If the bot was closed meanwhile, what would fill the place is dropped, and so closed.
    fn fill(mut self, managed: Managed) {
        let server = self.server;
        let mut open = self.bot.inner.consoles.lock();
        if open.closed {
            return;
        }
        let Some(place) = open.by_server.get_mut(&server) else {
            return;
        };
        let console = managed.console.clone();
        *place = Place::Console(managed);
        self.filled = true;
        for follower in open.followers.iter().filter_map(Weak::upgrade) {
            if follower.wants(server) {
                follower.opened(server, &console);
            }
        }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if !self.filled {
            self.bot
                .inner
                .consoles
                .lock()
                .by_server
                .remove(&self.server);
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
