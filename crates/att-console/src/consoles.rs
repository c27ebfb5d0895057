use crate::any_event::AnyEvent;
use crate::console::Console;
use crate::happening::Event;
use crate::name::EventName;
use crate::subscription::{Subscribe, Subscription};
use alta_model::console::event::ConsoleEvent;
use alta_socket::Missed;
use futures_core::Stream;
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

/// Consoles of several servers, by name or id, with subscriptions over all of them: those there are and those to come.
///
/// Clones are handles to the same set. A console that is taken out stays open as long as somebody holds it.
///
/// ```no_run
/// use att_console::{Console, ConsoleAccess, Consoles, event::PlayerJoined};
///
/// # async fn run(servers: Vec<(String, ConsoleAccess)>) {
/// let consoles = Consoles::new();
/// let mut joins = consoles.subscribe::<PlayerJoined>();
/// for (name, access) in servers {
///     consoles.add(&name, Console::open(access));
/// }
/// while let Some((server, Ok(event))) = joins.next().await {
///     println!("{server}: {} joined", event.data.user.username);
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Consoles {
    shared: Arc<Shared>,
}

struct Shared {
    members: Mutex<BTreeMap<Arc<str>, Console>>,
    /// Counts changes; streams look at the set when it moves. Its end is theirs.
    changes: watch::Sender<u64>,
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

    /// Puts a console in, under a server's name or id. Returns the one that was there before.
    pub fn add(&self, server: impl fmt::Display, console: Console) -> Option<Console> {
        let name = server.to_string().into();
        let before = self.lock().insert(name, console);
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
    pub fn subscribe<E: ConsoleEvent>(&self) -> AllConsoles<E> {
        self.everywhere(Console::subscribe::<E>)
    }

    /// Subscribes to several kinds of events, by their names, on every console, present and future.
    pub fn subscribe_to_any<N: Into<EventName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> AllConsoles<AnyEvent> {
        let names: Vec<EventName> = names.into_iter().map(Into::into).collect();
        self.everywhere(move |console| console.subscribe_to_any(names.iter().cloned()))
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
        AllConsoles {
            consoles: Arc::downgrade(&self.shared),
            changes: WatchStream::new(self.shared.changes.subscribe()),
            subscribe: Box::new(subscribe),
            streams: Vec::new(),
            turn: 0,
            ended: false,
        }
    }

    fn changed(&self) {
        self.shared.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Console>> {
        self.shared.lock()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Console>> {
        // Each change is one step on the map, which is whole whatever panicked beside it.
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Consoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.lock().iter()).finish()
    }
}

/// Events of all consoles of a [`Consoles`], with the name of the one each comes from. Each console's events keep their
/// order; a busy console does not keep another waiting.
///
/// It ends when the last handle to the set is dropped and what had come before is read.
pub struct AllConsoles<T> {
    consoles: std::sync::Weak<Shared>,
    changes: WatchStream<u64>,
    subscribe: Box<SubscribeOn<T>>,
    streams: Vec<Member<T>>,
    turn: usize,
    ended: bool,
}

/// How each console is subscribed to.
type SubscribeOn<T> = dyn Fn(&Console) -> Subscribe<T> + Send + Sync;

struct Member<T> {
    name: Arc<str>,
    console: Console,
    stream: Subscription<T>,
    /// Taken out of the set: so many items that had come before are still to be read.
    leaving: Option<usize>,
}

impl<T> Member<T> {
    fn leave(&mut self) {
        let queued = self.stream.queued();
        self.leaving.get_or_insert(queued);
    }
}

/// An event, or what was missed, and the console it comes from.
type Item<T> = (Arc<str>, Result<Event<T>, Missed>);

impl<T> AllConsoles<T> {
    /// The next item of any console; `None` when the set is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in its queue.
    pub async fn next(&mut self) -> Option<Item<T>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Leaves those that were taken out or replaced, joins those that were put in.
    fn follow(&mut self) {
        let Some(shared) = self.consoles.upgrade() else {
            return;
        };
        let members = shared.lock();
        for member in &mut self.streams {
            let console = members.get(&member.name);
            if !console.is_some_and(|console| console.is_same(&member.console)) {
                member.leave();
            }
        }
        for (name, console) in members.iter() {
            let joined = |member: &Member<T>| member.name == *name && member.leaving.is_none();
            if !self.streams.iter().any(joined) {
                self.streams.push(Member {
                    name: Arc::clone(name),
                    console: console.clone(),
                    stream: (self.subscribe)(console).start(),
                    leaving: None,
                });
            }
        }
    }
}

impl<T> Stream for AllConsoles<T> {
    type Item = Item<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item<T>>> {
        let this = &mut *self;
        while !this.ended {
            match Pin::new(&mut this.changes).poll_next(cx) {
                Poll::Ready(Some(_)) => this.follow(),
                Poll::Ready(None) => {
                    this.ended = true;
                    this.streams.iter_mut().for_each(Member::leave);
                }
                Poll::Pending => break,
            }
        }
        this.streams.retain(|member| member.leaving != Some(0));
        let mut step = 0;
        while step < this.streams.len() {
            let index = (this.turn + step) % this.streams.len();
            let member = &mut this.streams[index];
            match Pin::new(&mut member.stream).poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    this.turn = index + 1;
                    member.leaving = member.leaving.map(|left| left.saturating_sub(1));
                    return Poll::Ready(Some((Arc::clone(&member.name), item)));
                }
                // Closed for good: no more will come of it.
                Poll::Ready(None) => {
                    member.leaving = Some(0);
                    step += 1;
                }
                Poll::Pending => step += 1,
            }
        }
        if this.ended {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}

impl<T> fmt::Debug for AllConsoles<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.streams.iter().map(|member| &member.name))
            .finish()
    }
}
