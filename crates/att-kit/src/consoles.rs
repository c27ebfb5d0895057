use crate::feed::Follow;
use crate::key::Key;
use alta_model::Timestamp;
use att_console::{Access, Config, Console, EventName};
use futures_util::future::join_all;
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::watch;
use url::Url;

/// A set of consoles by key, with streams over all of them, including those that are added later.
///
/// The key is a name by default; it can be any [`Key`], such as a server id (`Consoles::<ServerId>::default()`).
///
/// Clones are handles to the same set. The set keeps its consoles open. A console that is removed stays open while another handle
/// exists.
///
/// ```no_run
/// use att_kit::{Consoles, commands::player, event::PlayerJoined};
/// use att_console::ConsoleAccess;
///
/// # async fn run(servers: Vec<(String, ConsoleAccess)>) -> Result<(), att_console::Error> {
/// let consoles = Consoles::new();
/// for (name, access) in servers {
///     consoles.open(name, access);
/// }
/// let mut joins = consoles.subscribe::<PlayerJoined>().await?;
/// while let Some((server, event)) = joins.next_event().await {
///     println!("{server}: {} joined", event.data.user.username);
///     let Some(console) = consoles.get(&server) else { continue };
///     if let Err(error) = console.command(player::message(&event.data.user, "Welcome!")).await {
///         eprintln!("{error}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Consoles<K = Arc<str>> {
    shared: Arc<Shared<K>>,
}

/// The state that the handles of a set share.
struct Shared<K> {
    members: Mutex<Members<K>>,
    /// Counts the changes of the set.
    changes: watch::Sender<u64>,
}

struct Members<K> {
    by_key: BTreeMap<K, Console>,
    /// For each place, the keys of its consoles, in the order in which they were added.
    by_place: HashMap<Url, Vec<K>>,
    /// The streams over the set.
    streams: Vec<Weak<dyn Follow<K>>>,
    is_closed: bool,
}

impl<K> Drop for Shared<K> {
    fn drop(&mut self) {
        let members = self.members.get_mut();
        members
            .unwrap_or_else(PoisonError::into_inner)
            .end_streams();
    }
}

impl<K> Members<K> {
    fn streams(&self) -> impl Iterator<Item = Arc<dyn Follow<K>>> {
        self.streams.iter().filter_map(Weak::upgrade)
    }

    fn end_streams(&self) {
        self.streams().for_each(|stream| stream.complete());
    }
}

impl<K: Key> Members<K> {
    fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<Console>
    where
        K: Borrow<Q>,
    {
        let (key, console) = self.by_key.remove_entry(key)?;
        if let Some(place) = console.url()
            && let Some(keys) = self.by_place.get_mut(place)
        {
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                self.by_place.remove(place);
            }
        }
        self.left(&key, &console);
        Some(console)
    }

    /// Passes to the streams the instant since which they miss the events of a console that is no longer in the set.
    fn left(&self, key: &K, console: &Console) {
        let status = console.status();
        let since = if status.state.is_closed() || status.totals.connects == 0 {
            console.last_disconnect()
        } else {
            Some(Timestamp::now())
        };
        self.streams().for_each(|stream| stream.left(key, since));
    }
}

impl Consoles {
    /// An empty set by name.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<K: Key> Default for Consoles<K> {
    fn default() -> Self {
        let members = Members {
            by_key: BTreeMap::new(),
            by_place: HashMap::new(),
            streams: Vec::new(),
            is_closed: false,
        };
        Self {
            shared: Arc::new(Shared {
                members: Mutex::new(members),
                changes: watch::Sender::new(0),
            }),
        }
    }
}

impl<K> Clone for Consoles<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K: Key> Consoles<K> {
    /// Opens a console with the default configuration and adds it. The key is its label in errors and logs.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn open(&self, key: impl Into<K>, access: impl Access) -> Console {
        let key = key.into();
        let config = Config::default().label(key.to_string());
        let console = Console::open_with(access, config);
        self.add(key, console.clone());
        console
    }

    /// Adds a console, or replaces the one of this key. Returns the one that was replaced. A warning is logged if another key
    /// has a console of the same server: streams yield its events twice. A set that is [closed](Self::close) takes no console.
    pub fn add(&self, key: impl Into<K>, console: Console) -> Option<Console> {
        let key = key.into();
        let before = {
            let mut members = self.lock();
            if members.is_closed {
                tracing::warn!(%key, "a console was added to a set that is closed");
                return None;
            }
            let before = members.remove(&key);
            if let Some(place) = console.url() {
                let keys = members.by_place.entry(place.clone()).or_default();
                if let Some(other) = keys.last() {
                    tracing::warn!(%key, %other, "the same server is in the set twice");
                }
                keys.push(key.clone());
            }
            for stream in members.streams() {
                stream.joined(&key, &console);
            }
            members.by_key.insert(key, console);
            before
        };
        self.changed();
        before
    }

    /// Removes a console. Streams over the set continue without it, after the events that were received before.
    pub fn remove<Q: Ord + ?Sized>(&self, key: &Q) -> Option<Console>
    where
        K: Borrow<Q>,
    {
        let removed = self.lock().remove(key);
        self.changed();
        removed
    }

    /// Reports that a removed console was closed. Then the gap of the streams begins at the last frame of that console, and ends
    /// with the next console of this key.
    pub fn has_closed(&self, key: &K, console: &Console) {
        let members = self.lock();
        if !members.by_key.contains_key(key) {
            members.left(key, console);
        }
    }

    /// The console of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<Console>
    where
        K: Borrow<Q>,
    {
        self.lock().by_key.get(key).cloned()
    }

    /// All consoles, by key.
    pub fn all(&self) -> Vec<(K, Console)> {
        let members = self.lock();
        let members = members.by_key.iter();
        members
            .map(|(key, console)| (key.clone(), console.clone()))
            .collect()
    }

    /// Ends the streams of exactly this event: for one console, or for all (`None`). Streams of several events stay. Returns
    /// their number. When no stream wants the event any more, each console unsubscribes after 2 s.
    pub fn unsubscribe(&self, event: impl Into<EventName>, key: Option<&K>) -> usize {
        let event = event.into();
        let streams: Vec<_> = self.lock().streams().collect();
        let ended = streams
            .iter()
            .filter(|stream| *stream.names() == [event.clone()])
            .filter(|stream| match key {
                Some(key) => stream.wants(key) && stream.exclude(key),
                None => stream.end(),
            });
        ended.count()
    }

    /// For each console that is not closed permanently, the events that streams over the set are subscribed to, with the number of
    /// streams.
    pub fn subscriptions(&self) -> BTreeMap<K, BTreeMap<String, usize>> {
        let members = self.lock();
        let streams: Vec<_> = members.streams().collect();
        let of = |key: &K| {
            let mut events = BTreeMap::new();
            for stream in streams.iter().filter(|stream| stream.wants(key)) {
                for name in stream.names() {
                    *events.entry(name.to_string()).or_default() += 1;
                }
            }
            events
        };
        let open = members.by_key.iter();
        let open = open.filter(|(_, console)| !console.status().state.is_closed());
        open.map(|(key, _)| (key.clone(), of(key))).collect()
    }

    /// Ends all streams, removes all consoles and closes each of them for every handle. The set takes no more consoles.
    ///
    /// # Cancel safety
    ///
    /// The consoles that are not closed yet when the future is dropped stay open while another handle exists.
    pub async fn close(&self) {
        let consoles = {
            let mut members = self.lock();
            members.is_closed = true;
            members.end_streams();
            members.by_place.clear();
            std::mem::take(&mut members.by_key)
        };
        self.changed();
        // All at the same time: a server that does not reply delays no other.
        join_all(consoles.values().map(Console::close)).await;
    }

    /// Returns whether the set takes no more consoles.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Adds a stream, with the consoles of the set that it wants.
    pub(crate) fn follow(&self, stream: &Arc<dyn Follow<K>>) {
        let mut members = self.lock();
        for (key, console) in &members.by_key {
            stream.joined(key, console);
        }
        let lacks = |key| !members.by_key.contains_key(key);
        if members.is_closed || stream.only().is_some_and(lacks) {
            return stream.complete();
        }
        members.streams.retain(|stream| stream.strong_count() > 0);
        members.streams.push(Arc::downgrade(stream));
    }

    /// Counts the changes of the set.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    fn changed(&self) {
        self.shared.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Members<K>> {
        // Each change is one step on the map, which stays consistent after a panic.
        let members = self.shared.members.lock();
        members.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key> fmt::Debug for Consoles<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.lock().by_key.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use att_console::ConsoleAccess;

    #[tokio::test]
    async fn a_place_is_known_until_its_last_console_is_removed() {
        let url: Url = "ws://127.0.0.1:1/".parse().unwrap();
        let consoles = Consoles::<u32>::default();
        for key in [1_u32, 2] {
            consoles.open(key, ConsoleAccess::new(url.clone(), "abc".to_owned()));
        }
        consoles.remove(&2);
        assert!(consoles.lock().by_place.contains_key(&url));
        consoles.remove(&1);
        assert!(!consoles.lock().by_place.contains_key(&url));
    }
}
