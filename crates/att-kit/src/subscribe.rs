use crate::console_events::ConsoleEvents;
use crate::consoles::Consoles;
use crate::feed::{Feed, Follow, SubscribeOn};
use crate::hints::warn_of_unknown_events;
use crate::key::Key;
use alta_model::console::event::ConsoleEvent;
use att_console::{AnyEvent, Console, Error, ErrorKind, EventName, Overflow};
use futures_core::future::BoxFuture;
use futures_util::future::try_join_all;
use serde_json::Value;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

impl<K: Key> Consoles<K> {
    /// Subscribes to a type of event on every console, present and future. Await the result to get the stream when every
    /// console that is connected has confirmed it; one that is not connected delays no other.
    #[doc(alias = "console_sub")]
    pub fn subscribe<E: ConsoleEvent>(&self) -> Subscribe<E, K> {
        let names = vec![E::NAME.into()];
        Subscribe::new(self, names, Console::subscribe::<E>)
    }

    /// Subscribes to events by name on every console, present and future, as JSON. Use it for the events of mods; a server
    /// without one of them affects no other.
    pub fn subscribe_to<N: Into<EventName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Subscribe<Value, K> {
        let names: Vec<EventName> = names.into_iter().map(Into::into).collect();
        Subscribe::new(self, names.clone(), move |console| {
            console.subscribe_to(names.iter().cloned())
        })
    }

    /// Subscribes to several types of events, by their names, on every console, present and future.
    pub fn subscribe_to_any<N: Into<EventName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Subscribe<AnyEvent, K> {
        let names: Vec<EventName> = names.into_iter().map(Into::into).collect();
        Subscribe::new(self, names.clone(), move |console| {
            console.subscribe_to_any(names.iter().cloned())
        })
    }

    /// Every event that arrives on any console, present and future; see [`Console::subscribe_to_everything`].
    pub fn subscribe_to_everything(&self) -> Subscribe<Value, K> {
        Subscribe::new(self, Vec::new(), Console::subscribe_to_everything)
    }
}

/// The function that returns true for the events that a stream yields.
type Keep<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

/// A builder of a subscription over a set of consoles. Awaiting it waits until every connected console has confirmed it;
/// [`start`](Self::start) does not wait.
#[must_use = "a subscription does nothing until it is awaited or started"]
pub struct Subscribe<T, K = Arc<str>> {
    consoles: Consoles<K>,
    names: Vec<EventName>,
    only: Option<K>,
    on: SubscribeOn<T>,
    capacity: Option<usize>,
    capacity_bytes: Option<usize>,
    overflow: Option<Overflow>,
    keep: Option<Keep<T>>,
}

impl<T: Send + 'static, K: Key> Subscribe<T, K> {
    pub(crate) fn new(
        consoles: &Consoles<K>,
        names: Vec<EventName>,
        on: impl Fn(&Console) -> att_console::Subscribe<T> + Send + Sync + 'static,
    ) -> Self {
        Self {
            consoles: consoles.clone(),
            names,
            only: None,
            on: Arc::new(on),
            capacity: None,
            capacity_bytes: None,
            overflow: None,
            keep: None,
        }
    }

    /// Only the console that has this key now. The stream ends when that console is closed or leaves the set; at once if
    /// there is none.
    pub fn only(mut self, key: impl Into<K>) -> Self {
        self.only = Some(key.into());
        self
    }

    /// The maximum number of events in the queue of each console; at least one. By default as the console is configured: 65,536.
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = Some(events.max(1));
        self
    }

    /// The maximum size of all events in the queue of each console, in bytes; a single event can exceed it. By default as the
    /// console is configured: 8 MiB.
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.capacity_bytes = Some(bytes);
        self
    }

    /// The rule for a full queue of a console. By default as the console is configured: the oldest event is dropped
    /// and counted.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = Some(overflow);
        self
    }

    /// Only events that satisfy this; see [`att_console::Subscribe::filter`].
    pub fn filter(mut self, keep: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.keep = Some(Arc::new(keep));
        self
    }

    /// The names of the events.
    pub fn names(&self) -> &[EventName] {
        &self.names
    }

    /// Returns the stream at once. It yields the events of each console from the confirmation of its server on. A name that a
    /// server does not know is not an error here.
    pub fn start(self) -> ConsoleEvents<T, K> {
        let Self {
            consoles,
            names,
            only,
            on,
            capacity,
            capacity_bytes,
            overflow,
            keep,
        } = self;
        let subscribe = move |console: &Console| {
            let mut subscribe = on(console);
            if let Some(events) = capacity {
                subscribe = subscribe.capacity(events);
            }
            if let Some(bytes) = capacity_bytes {
                subscribe = subscribe.capacity_bytes(bytes);
            }
            if let Some(overflow) = overflow {
                subscribe = subscribe.overflow(overflow);
            }
            if let Some(keep) = &keep {
                let keep = Arc::clone(keep);
                subscribe = subscribe.filter(move |data| keep(data));
            }
            subscribe
        };
        let feed = Arc::new(Feed::new(names, only, Arc::new(subscribe)));
        let follower: Arc<dyn Follow<K>> = Arc::<Feed<T, K>>::clone(&feed);
        consoles.follow(&follower);
        ConsoleEvents::new(feed)
    }

    async fn confirmed(self) -> Result<ConsoleEvents<T, K>, Error> {
        let consoles = self.consoles.clone();
        let stream = self.start();
        let only = stream.only().is_some();
        let wanted = consoles.all().into_iter();
        let wanted = wanted.filter(|(key, _)| stream.only().is_none_or(|only| only == key));
        let names = stream.names();
        let confirmations = wanted.map(|(_, console)| confirm(console, names, only));
        try_join_all(confirmations).await?;
        Ok(stream)
    }
}

/// Waits for the confirmation of a console that is connected. The others confirm when they connect.
async fn confirm(console: Console, names: &[EventName], only: bool) -> Result<(), Error> {
    if !console.status().state.is_connected() {
        warn_of_unknown_events(names);
    }
    let is_unknown = |error: &Error| matches!(error.kind(), ErrorKind::EventNotFound { .. });
    let mut statuses = console.statuses();
    tokio::select! {
        biased;
        // A second stream of the same events shares the subscription of the first, and its confirmation.
        confirmed = console.subscribe_to(names) => match confirmed {
            Err(error) if only || is_unknown(&error) => Err(error),
            // Another console that was closed meanwhile does not end the stream.
            _ => Ok(()),
        },
        _ = statuses.wait_for(|status| !status.state.is_connected() && !status.state.is_closed()) => Ok(()),
    }
}

impl<T: Send + 'static, K: Key> IntoFuture for Subscribe<T, K> {
    type Output = Result<ConsoleEvents<T, K>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.confirmed())
    }
}

impl<T, K: fmt::Debug> fmt::Debug for Subscribe<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("names", &self.names)
            .field("only", &self.only)
            .finish_non_exhaustive()
    }
}
