use crate::access::Access;
use crate::all_consoles::AllConsoles;
use crate::any_event::AnyEvent;
use crate::config::Config;
use crate::console::Console;
use crate::name::EventName;
use crate::subscription::Subscribe;
use alta_model::console::event::ConsoleEvent;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Consoles of several servers, by name or id, with subscriptions over all of them: those there are and those to come.
///
/// Clones are handles to the same set. A console that is taken out stays open as long as somebody holds it.
///
/// ```no_run
/// use att_console::{ConsoleAccess, Consoles, commands::player, event::PlayerJoined};
///
/// # async fn run(servers: Vec<(String, ConsoleAccess)>) {
/// let consoles = Consoles::new();
/// for (name, access) in servers {
///     consoles.open(name, access);
/// }
/// let mut joins = consoles.subscribe::<PlayerJoined>();
/// while let Some((server, event)) = joins.next_event().await {
///     println!("{server}: {} joined", event.data.user.username);
///     let Some(console) = consoles.get(&server) else { continue };
///     if let Err(error) = console.command(player::message(&event.data.user, "Welcome!")).await {
///         eprintln!("{error}");
///     }
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Consoles {
    shared: Arc<Shared>,
}

/// What handles and streams share.
pub(crate) struct Shared {
    members: Mutex<BTreeMap<Arc<str>, Console>>,
    /// Counts changes; streams look at the set when it moves. Its end is theirs.
    pub(crate) changes: watch::Sender<u64>,
}

impl Default for Consoles {
    fn default() -> Self {
        Self {
            shared: Arc::new(Shared {
                members: Mutex::default(),
                changes: watch::Sender::new(0),
            }),
        }
    }
}

impl Consoles {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a console with the default configuration and puts it in, under a server's name or id, which errors and logs call
    /// it by, too. One that was there before is taken out.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn open(&self, server: impl fmt::Display, access: impl Access) -> Console {
        let config = Config::default().label(server.to_string());
        let console = Console::open_with(access, config);
        self.add(server, console.clone());
        console
    }

    /// Puts a console in, under a server's name or id. Returns the one that was there before. A server that is in the set
    /// under another name as well is warned of: streams yield its events twice.
    pub fn add(&self, server: impl fmt::Display, console: Console) -> Option<Console> {
        let name: Arc<str> = server.to_string().into();
        let before = {
            let mut members = self.lock();
            let twin = members.iter().find(|(other, member)| {
                **other != name && member.place().is_some() && member.place() == console.place()
            });
            if let Some((other, _)) = twin {
                tracing::warn!(%name, %other, "the same server is given twice");
            }
            members.insert(name, console)
        };
        self.changed();
        before
    }

    /// Takes a console out. Streams over the set go on without it, once they have read what had come before.
    pub fn remove(&self, server: impl fmt::Display) -> Option<Console> {
        let removed = self.lock().remove(server.to_string().as_str());
        self.changed();
        removed
    }

    /// The console of a server.
    pub fn get(&self, server: impl fmt::Display) -> Option<Console> {
        self.lock().get(server.to_string().as_str()).cloned()
    }

    /// All consoles, by name.
    pub fn all(&self) -> Vec<(Arc<str>, Console)> {
        let members = self.lock();
        let members = members.iter();
        members
            .map(|(name, console)| (Arc::clone(name), console.clone()))
            .collect()
    }

    /// Subscribes to a kind of event on every console, present and future, in typed form. On each, events flow from its
    /// server's confirmation on; one that is down disturbs no other.
    #[doc(alias = "console_sub")]
    pub fn subscribe<E: ConsoleEvent>(&self) -> AllConsoles<E> {
        self.everywhere(Console::subscribe::<E>)
    }

    /// Subscribes to events by name on every console, present and future, as JSON. Mods' events are subscribed to this
    /// way; a server that lacks one of them disturbs no other.
    pub fn subscribe_to<N: Into<EventName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> AllConsoles<Value> {
        let names: Vec<EventName> = names.into_iter().map(Into::into).collect();
        self.everywhere(move |console| console.subscribe_to(names.iter().cloned()))
    }

    /// Subscribes to several kinds of events, by their names, on every console, present and future.
    pub fn subscribe_to_any<N: Into<EventName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> AllConsoles<AnyEvent> {
        let names: Vec<EventName> = names.into_iter().map(Into::into).collect();
        self.everywhere(move |console| console.subscribe_to_any(names.iter().cloned()))
    }

    /// Every event that comes on any console, present and future; see [`Console::subscribe_to_everything`].
    pub fn subscribe_to_everything(&self) -> AllConsoles<Value> {
        self.everywhere(Console::subscribe_to_everything)
    }

    /// Takes all consoles out and closes them, each for every handle.
    pub async fn close(&self) {
        let members = std::mem::take(&mut *self.lock());
        self.changed();
        // All at once: servers that do not answer are waited for together.
        members.values().for_each(Console::begin_close);
        for console in members.into_values() {
            console.close().await;
        }
    }

    fn everywhere<T>(
        &self,
        subscribe: impl Fn(&Console) -> Subscribe<T> + Send + Sync + 'static,
    ) -> AllConsoles<T> {
        AllConsoles::new(&self.shared, Box::new(subscribe))
    }

    fn changed(&self) {
        self.shared.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Console>> {
        self.shared.lock()
    }
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Console>> {
        // Each change is one step on the map, which is whole whatever panicked beside it.
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Consoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.lock().iter()).finish()
    }
}
