//! The events of several consoles in one stream.

use alta_model::{ServerId, Timestamp};
use alta_socket::Overflow;
use att_console::{Console, Event, EventName, Missed, Subscribe, Subscription};
use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::stream::SelectAll;
use futures_util::task::AtomicWaker;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// The events of one console or of all, those that will be opened included, in one stream.
///
/// A console that is closed and opened again later, by the program or by a managed bot, is an outage like any other: the
/// stream yields one gap, from when the server was last heard to its confirmation on the new console. Until then
/// [`interruptions`](Self::interruptions) tells.
///
/// Each console's events keep their order; between consoles there is none. Items are `Ok(event)`, which knows its
/// server, or `Err(missed)` where something of one console is missing; the stream goes on after either. Each console has
/// a bounded queue of its own, so that a busy one pushes nothing of another out.
///
/// It ends when the bot is closed, when it is [unsubscribed](crate::Bot::console_unsub), or, if it is of one server, when
/// that console is closed. Dropping it unsubscribes after a short linger, if no other stream wants the same events.
pub struct ConsoleEvents<T> {
    following: Arc<Following<T>>,
    streams: SelectAll<OfServer<T>>,
    /// The gaps in which consoles were closed. They go on: they are told with the gap of the server's next console, or when
    /// there will be none.
    open_gaps: BTreeMap<ServerId, MissedOn>,
}

/// Something of one console is missing in a stream of several.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("on server {server}, {missed}")]
#[non_exhaustive]
pub struct MissedOn {
    /// The console's server.
    pub server: ServerId,
    /// What is missing, and why.
    pub missed: Missed,
}

impl<T: DeserializeOwned> ConsoleEvents<T> {
    pub(crate) fn new(following: Arc<Following<T>>) -> Self {
        Self {
            following,
            streams: SelectAll::new(),
            open_gaps: BTreeMap::new(),
        }
    }

    /// The next item; `None` when the stream has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in its queue.
    pub async fn next(&mut self) -> Option<Result<Event<T>, MissedOn>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event. Where something is missing, a warning is logged and the stream goes on; use
    /// [`next`](Self::next) to do better. `None` when the stream has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an event that was not returned is still in its queue.
    pub async fn next_event(&mut self) -> Option<Event<T>> {
        loop {
            match self.next().await? {
                Ok(event) => return Some(event),
                Err(missed) => tracing::warn!(%missed, "events were missed"),
            }
        }
    }

    /// Whether every console is live, and none is closed in a gap; see [`Subscription::is_live`].
    pub fn is_live(&self) -> bool {
        if self.interrupted_since().is_some() {
            return false;
        }
        let state = self.following.lock();
        let mut streams = self.latest(&state);
        streams.all(|(_, stream)| stream.is_live())
    }

    /// Since when events of any console may be missing; see [`Subscription::interrupted_since`].
    pub fn interrupted_since(&self) -> Option<Timestamp> {
        self.interruptions()
            .into_iter()
            .map(|(_, since)| since)
            .min()
    }

    /// The servers of which events may be missing, and since when.
    pub fn interruptions(&self) -> Vec<(ServerId, Timestamp)> {
        let state = self.following.lock();
        let interrupted = self.latest(&state);
        let interrupted =
            interrupted.filter_map(|(server, stream)| Some((server, stream.interrupted_since()?)));
        let closed = state.seen.iter();
        let closed = closed.filter(|(_, seen)| !seen.is_open);
        let closed = closed.filter_map(|(server, seen)| Some((*server, seen.since?)));
        interrupted.chain(closed).collect()
    }

    fn latest<'a>(
        &'a self,
        state: &'a State<T>,
    ) -> impl Iterator<Item = (ServerId, &'a Subscription<T>)> {
        let new = state.new.iter().map(|(server, stream)| (*server, stream));
        let streams = self.streams.iter();
        streams.map(|of| (of.server, of.latest())).chain(new)
    }

    /// The names of the events it is subscribed to.
    pub fn names(&self) -> &[EventName] {
        &self.following.names
    }
}

impl<T: DeserializeOwned> Stream for ConsoleEvents<T> {
    type Item = Result<Event<T>, MissedOn>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self {
            following,
            streams,
            open_gaps,
        } = &mut *self;
        following.waker.register(cx.waker());
        let complete = {
            let mut state = following.lock();
            if state.cut {
                state.new.clear();
                drop(state);
                streams.clear();
                return Poll::Ready(None);
            }
            for (server, stream) in state.new.drain(..) {
                // What the last console of the same server has brought comes first.
                match streams.iter_mut().find(|of| of.server == server) {
                    Some(of) => of.next.push_back(stream),
                    None => streams.push(OfServer::new(server, stream)),
                }
            }
            if !state.excluding.is_empty() {
                let excluded = std::mem::take(&mut state.excluding);
                open_gaps.retain(|server, _| !excluded.contains(server));
                let kept = std::mem::take(streams).into_iter();
                streams.extend(kept.filter(|stream| !excluded.contains(&stream.server)));
            }
            state.complete
        };
        loop {
            let Some(read) = std::task::ready!(streams.poll_next_unpin(cx)) else {
                return if complete {
                    let untold = open_gaps.pop_first();
                    Poll::Ready(untold.map(|(_, missed)| Err(missed)))
                } else {
                    Poll::Pending
                };
            };
            match read {
                Read::Item(item) => {
                    let item = item.map_err(|missed| one_gap(open_gaps, missed));
                    return Poll::Ready(Some(item));
                }
                Read::LastGap(missed) => {
                    let missed = one_gap(open_gaps, missed);
                    open_gaps.insert(missed.server, missed);
                }
            }
        }
    }
}

impl<T> fmt::Debug for ConsoleEvents<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleEvents")
            .field("names", &self.following.names)
            .field("server", &self.following.server)
            .finish_non_exhaustive()
    }
}

/// A gap, together with the one in which the server's last console was closed.
fn one_gap(open: &mut BTreeMap<ServerId, MissedOn>, missed: MissedOn) -> MissedOn {
    let Missed::Gap { since, until } = missed.missed else {
        return missed;
    };
    let server = missed.server;
    let since = match open.remove(&server).map(|before| before.missed) {
        Some(Missed::Gap { since: before, .. }) => since.min(before),
        _ => since,
    };
    let missed = Missed::Gap { since, until };
    MissedOn { server, missed }
}

/// What is read of one server's consoles.
enum Read<T> {
    Item(Result<Event<T>, MissedOn>),
    /// A console was closed in this gap.
    LastGap(MissedOn),
}

struct OfServer<T> {
    server: ServerId,
    stream: Subscription<T>,
    /// What followed a gap, read to see whether anything does.
    ahead: Option<Result<Event<T>, Missed>>,
    /// Of consoles that were opened when the present one had been closed.
    next: VecDeque<Subscription<T>>,
}

/// Nothing in it is ever pinned.
impl<T> Unpin for OfServer<T> {}

impl<T> OfServer<T> {
    fn new(server: ServerId, stream: Subscription<T>) -> Self {
        Self {
            server,
            stream,
            ahead: None,
            next: VecDeque::new(),
        }
    }

    fn latest(&self) -> &Subscription<T> {
        self.next.back().unwrap_or(&self.stream)
    }
}

impl<T: DeserializeOwned> Stream for OfServer<T> {
    type Item = Read<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let server = self.server;
        let item = loop {
            let item = match self.ahead.take() {
                Some(ahead) => Some(ahead),
                None => std::task::ready!(self.stream.poll_next_unpin(cx)),
            };
            match item {
                Some(item) => break item.map_err(|missed| MissedOn { server, missed }),
                None => match self.next.pop_front() {
                    Some(next) => self.stream = next,
                    None => return Poll::Ready(None),
                },
            }
        };
        Poll::Ready(Some(match item {
            Err(gap) if matches!(gap.missed, Missed::Gap { .. }) => {
                match self.stream.poll_next_unpin(cx) {
                    Poll::Ready(None) => Read::LastGap(gap),
                    Poll::Ready(ahead) => {
                        self.ahead = ahead;
                        Read::Item(Err(gap))
                    }
                    Poll::Pending => Read::Item(Err(gap)),
                }
            }
            item => Read::Item(item),
        }))
    }
}

/// How one console is subscribed to these events.
pub(crate) type Subscribing<T> = fn(&Console, &[EventName]) -> Subscribe<T>;

/// What a stream wants, shared with the consoles, which hand it a subscription each when they are opened: at once and not
/// when the stream is read next, since what happens in between would be lost.
pub(crate) struct Following<T> {
    pub(crate) names: Vec<EventName>,
    /// One server's, or all.
    pub(crate) server: Option<ServerId>,
    pub(crate) subscribing: Subscribing<T>,
    pub(crate) capacity: Option<usize>,
    pub(crate) capacity_bytes: Option<usize>,
    pub(crate) overflow: Option<Overflow>,
    state: Mutex<State<T>>,
    waker: AtomicWaker,
}

struct State<T> {
    /// Subscriptions that the stream has not taken over yet.
    new: Vec<(ServerId, Subscription<T>)>,
    /// The servers that had a console while the stream was there.
    seen: BTreeMap<ServerId, Seen>,
    /// Servers that are no longer wanted, though all others are.
    excluded: BTreeSet<ServerId>,
    /// Those of them that the stream has not let go yet.
    excluding: BTreeSet<ServerId>,
    /// No further console will come.
    complete: bool,
    /// Nothing is wanted any more.
    cut: bool,
}

#[derive(Clone, Copy)]
struct Seen {
    is_open: bool,
    /// Since when the stream misses the server's events, or did when its present console was opened.
    since: Option<Timestamp>,
}

impl<T> Following<T> {
    pub(crate) fn new(
        names: Vec<EventName>,
        server: Option<ServerId>,
        subscribing: Subscribing<T>,
    ) -> Self {
        Self {
            names,
            server,
            subscribing,
            capacity: None,
            capacity_bytes: None,
            overflow: None,
            state: Mutex::new(State {
                new: Vec::new(),
                seen: BTreeMap::new(),
                excluded: BTreeSet::new(),
                excluding: BTreeSet::new(),
                complete: false,
                cut: false,
            }),
            waker: AtomicWaker::new(),
        }
    }

    fn wants_by(&self, state: &State<T>, server: ServerId) -> bool {
        !state.cut
            && self.server.is_none_or(|only| only == server)
            && !state.excluded.contains(&server)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // It is changed in single steps, so it is whole whatever panicked beside it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream as the consoles see it, whatever the type of its events.
pub(crate) trait Follow: Send + Sync {
    fn names(&self) -> &[EventName];

    /// Whether it wants the events of this server.
    fn wants(&self, server: ServerId) -> bool;

    /// The console of a server has been opened: it is subscribed to if it is wanted.
    fn opened(&self, server: ServerId, console: &Console);

    /// The console of a server has been closed. Events are missing since then; none if it was never connected.
    fn closed(&self, server: ServerId, since: Option<Timestamp>);

    /// No other console will be opened.
    fn complete(&self);

    /// It is to leave out this server from now on, or to end if there is no other. False if it had done so already.
    fn exclude(&self, server: ServerId) -> bool;

    /// It is to end. False if it had already.
    fn cut(&self) -> bool;
}

impl<T: DeserializeOwned + 'static> Follow for Following<T> {
    fn names(&self) -> &[EventName] {
        &self.names
    }

    fn wants(&self, server: ServerId) -> bool {
        self.wants_by(&self.lock(), server)
    }

    fn opened(&self, server: ServerId, console: &Console) {
        // Held until the end, so that nobody unsubscribes in between.
        let mut state = self.lock();
        if state.complete || !self.wants_by(&state, server) {
            return;
        }
        let mut subscribe = (self.subscribing)(console, &self.names);
        if let Some(capacity) = self.capacity {
            subscribe = subscribe.capacity(capacity);
        }
        if let Some(bytes) = self.capacity_bytes {
            subscribe = subscribe.capacity_bytes(bytes);
        }
        if let Some(overflow) = self.overflow {
            subscribe = subscribe.overflow(overflow);
        }
        let seen = state.seen.entry(server).or_insert(Seen {
            is_open: true,
            since: None,
        });
        seen.is_open = true;
        if let Some(since) = seen.since {
            subscribe = subscribe.resuming(since);
        }
        let stream = subscribe.start();
        state.new.push((server, stream));
        state.complete |= self.server.is_some();
        drop(state);
        self.waker.wake();
    }

    fn closed(&self, server: ServerId, since: Option<Timestamp>) {
        if let Some(seen) = self.lock().seen.get_mut(&server) {
            seen.is_open = false;
            seen.since = since.or(seen.since);
        }
    }

    fn complete(&self) {
        self.lock().complete = true;
        self.waker.wake();
    }

    fn exclude(&self, server: ServerId) -> bool {
        if self.server.is_some() {
            return self.cut();
        }
        let mut state = self.lock();
        let first = !state.cut && state.excluded.insert(server);
        if first {
            state.new.retain(|(other, _)| *other != server);
            state.excluding.insert(server);
        }
        drop(state);
        self.waker.wake();
        first
    }

    fn cut(&self) -> bool {
        let first = !std::mem::replace(&mut self.lock().cut, true);
        self.waker.wake();
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use att_console::ConsoleAccess;
    use serde_json::Value;

    #[tokio::test]
    async fn a_console_that_opens_just_when_it_is_unsubscribed_from_is_left_out() {
        let url = "ws://127.0.0.1:1/".parse().unwrap();
        let console = Console::open(ConsoleAccess::new(url, "abc".to_owned()));
        let following: Following<Value> =
            Following::new(vec!["PlayerJoined".into()], None, |console, names| {
                console.subscribe_to(names)
            });
        let [first, second, third] = [1, 2, 3].map(ServerId::new);
        assert!(following.wants(first) && following.exclude(first));
        following.opened(first, &console);
        following.opened(second, &console);
        assert!(following.wants(third) && following.cut());
        following.opened(third, &console);
        let state = following.lock();
        let opened: Vec<_> = state.new.iter().map(|(server, _)| *server).collect();
        assert_eq!(opened, [second]);
    }
}
