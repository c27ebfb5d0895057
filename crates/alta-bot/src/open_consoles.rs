//! The open consoles of a bot, by server id.

use crate::debug::Watcher;
use crate::error::ErrorKind;
use alta_model::ServerId;
use alta_socket::{Publisher, TaskGuard, Watch};
use att_console::Console;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) struct OpenConsoles {
    pub(crate) config: att_console::Config,
    /// Observes their traffic.
    pub(crate) watcher: Option<Watcher>,
    /// The open consoles, for the bot's streams.
    pub(crate) set: att_kit::Consoles<ServerId>,
    open: Mutex<Open>,
    /// Counts the consoles that were opened.
    opened: Publisher<u64>,
}

#[derive(Default)]
struct Open {
    by_server: BTreeMap<ServerId, Place>,
    closed: bool,
}

/// A place is reserved before its console is open, so that two calls cannot open two consoles.
enum Place {
    Taken,
    Console(WatchedConsole),
}

#[derive(Clone)]
pub(crate) struct WatchedConsole {
    pub(crate) console: Console,
    /// Follows the server's name and status.
    pub(crate) watch: Arc<TaskGuard>,
    /// True if the label follows the server's name. False if the program has chosen the label.
    pub(crate) follow_name: bool,
}

impl OpenConsoles {
    pub(crate) fn new(config: att_console::Config, watcher: Option<Watcher>) -> Self {
        Self {
            config,
            watcher,
            set: att_kit::Consoles::default(),
            open: Mutex::default(),
            opened: Publisher::new(0),
        }
    }

    pub(crate) async fn close(&self) {
        let watched: Vec<_> = {
            let mut open = self.lock();
            open.closed = true;
            let places = open.by_server.values();
            places.filter_map(Place::watched).cloned().collect()
        };
        // All at the same time: a slow one delays no other.
        tokio::join!(
            self.set.close(),
            join_all(watched.iter().map(WatchedConsole::close))
        );
    }

    /// Returns whether a stream can be made: of this server's console, or of all.
    pub(crate) fn check(&self, server: Option<ServerId>) -> Result<(), ErrorKind> {
        match server {
            _ if self.lock().closed => Err(ErrorKind::Closed),
            Some(server) if self.get(server).is_none() => Err(ErrorKind::NotOpen(server)),
            _ => Ok(()),
        }
    }

    /// The open console of a server.
    pub(crate) fn get(&self, server: ServerId) -> Option<Console> {
        let open = self.lock();
        open.by_server.get(&server)?.console().cloned()
    }

    /// All open consoles, by server id.
    pub(crate) fn all(&self) -> Vec<(ServerId, Console)> {
        let open = self.lock();
        let consoles = open.consoles();
        consoles
            .map(|(server, console)| (server, console.clone()))
            .collect()
    }

    /// Closes the console of a server. Returns false if none is open.
    pub(crate) async fn close_one(&self, server: ServerId) -> bool {
        let Some((watched, was_open)) = self.take(server) else {
            return false;
        };
        watched.close().await;
        self.set.has_closed(&server, &watched.console);
        was_open
    }

    /// Changes whenever a console has been opened.
    pub(crate) fn opened(&self) -> Watch<u64> {
        self.opened.watch()
    }

    /// Sets the label of a server's console to the server's name, unless the program has chosen one.
    pub(crate) fn rename(&self, server: ServerId, name: &str) {
        let open = self.lock();
        let watched = open.by_server.get(&server).and_then(Place::watched);
        if let Some(watched) = watched.filter(|watched| watched.follow_name && !name.is_empty()) {
            watched.console.set_label(name);
        }
    }

    /// Forgets a console that is closed permanently.
    pub(crate) fn forget_closed(&self, server: ServerId) {
        let mut open = self.lock();
        let place = open.by_server.get(&server);
        if place.is_some_and(|place| place.watched().is_some() && place.console().is_none()) {
            self.remove(&mut open, server);
        }
    }

    /// Removes a console, and returns whether it was open; `None` if there is none, or not yet.
    fn take(&self, server: ServerId) -> Option<(WatchedConsole, bool)> {
        let mut open = self.lock();
        let place = open.by_server.get(&server)?;
        let (watched, is_open) = (place.watched()?.clone(), place.console().is_some());
        self.remove(&mut open, server);
        Some((watched, is_open))
    }

    /// Frees the place of a server.
    fn remove(&self, open: &mut Open, server: ServerId) {
        open.by_server.remove(&server);
        self.set.remove(&server);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Each change is one step, so the map stays consistent after a panic.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The open consoles, whether their servers are up or not. A console that was refused permanently is not open.
    fn consoles(&self) -> impl Iterator<Item = (ServerId, &Console)> {
        let places = self.by_server.iter();
        places.filter_map(|(server, place)| Some((*server, place.console()?)))
    }
}

impl Place {
    fn watched(&self) -> Option<&WatchedConsole> {
        match self {
            Place::Taken => None,
            Place::Console(watched) => Some(watched),
        }
    }

    /// The console in it, unless it is not open yet or closed permanently.
    fn console(&self) -> Option<&Console> {
        let console = &self.watched()?.console;
        (!console.status().state.is_closed()).then_some(console)
    }
}

impl WatchedConsole {
    pub(crate) async fn close(&self) {
        self.watch.close().await;
        self.console.close().await;
    }
}

/// A reserved place in the map. It is freed on drop unless it was filled.
pub(crate) struct Reservation<'a> {
    consoles: &'a OpenConsoles,
    server: ServerId,
    filled: bool,
}

impl<'a> Reservation<'a> {
    pub(crate) fn new(consoles: &'a OpenConsoles, server: ServerId) -> Result<Self, ErrorKind> {
        let mut open = consoles.lock();
        if open.closed {
            return Err(ErrorKind::Closed);
        }
        match open.by_server.get(&server) {
            Some(Place::Taken) => return Err(ErrorKind::AlreadyOpen(server)),
            Some(place) if place.console().is_some() => {
                return Err(ErrorKind::AlreadyOpen(server));
            }
            // It is free, or its console was refused.
            _ => consoles.remove(&mut open, server),
        }
        open.by_server.insert(server, Place::Taken);
        Ok(Self {
            consoles,
            server,
            filled: false,
        })
    }

    /// Puts the console in its place, and adds it to the set. Returns false if the bot was closed meanwhile.
    pub(crate) fn fill(mut self, watched: WatchedConsole) -> bool {
        let server = self.server;
        let mut open = self.consoles.lock();
        if open.closed {
            return false;
        }
        let console = watched.console.clone();
        open.by_server.insert(server, Place::Console(watched));
        self.filled = true;
        let opened = &self.consoles.opened;
        opened.set(opened.get().wrapping_add(1));
        self.consoles.set.add(server, console);
        true
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if !self.filled {
            let mut open = self.consoles.lock();
            open.by_server.remove(&self.server);
        }
    }
}
