use crate::console::{Console, WeakConsole};
use crate::consoles::Shared;
use crate::happening::Event;
use crate::subscription::{Keep, Subscribe, Subscription};
use alta_model::Timestamp;
use alta_socket::{Missed, Overflow};
use futures_core::Stream;
use futures_util::stream::SelectAll;
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use tokio_stream::wrappers::WatchStream;

/// Events of all consoles of a [`Consoles`](crate::Consoles), with the name of the one each comes from. Each console's events
/// keep their order; a busy console does not keep another waiting, and one that is quiet costs nothing.
///
/// A console that is taken out, and one that takes its name later, are an outage like any other: one gap, from when the
/// stream left the first to the confirmation on the second. Consoles that are put in later are joined when it is read. It ends when the last handle to the set is dropped and what
/// had come before is read.
pub struct AllConsoles<T> {
    consoles: Weak<Shared>,
    changes: WatchStream<u64>,
    subscribe: Box<SubscribeOn<T>>,
    capacity: Option<usize>,
    capacity_bytes: Option<usize>,
    overflow: Option<Overflow>,
    keep: Option<Keep<T>>,
    /// The consoles that were joined, by name.
    joined: BTreeMap<Arc<str>, WeakConsole>,
    /// The names that were joined and left, and since when their events are missing.
    left: BTreeMap<Arc<str>, Timestamp>,
    streams: SelectAll<Member<T>>,
    ended: bool,
}

/// How each console is subscribed to.
pub(crate) type SubscribeOn<T> = dyn Fn(&Console) -> Subscribe<T> + Send + Sync;

/// An event, or what was missed, and the console it comes from.
type Item<T> = (Arc<str>, Result<Event<T>, Missed>);

impl<T> AllConsoles<T> {
    pub(crate) fn new(consoles: &Arc<Shared>, subscribe: Box<SubscribeOn<T>>) -> Self {
        Self {
            consoles: Arc::downgrade(consoles),
            changes: WatchStream::new(consoles.changes.subscribe()),
            subscribe,
            capacity: None,
            capacity_bytes: None,
            overflow: None,
            keep: None,
            joined: BTreeMap::new(),
            left: BTreeMap::new(),
            streams: SelectAll::new(),
            ended: false,
        }
    }

    /// How many events of each console may wait to be read; at least one. As the console is configured, by default. To be
    /// said before the first reading.
    #[must_use]
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = Some(events);
        self
    }

    /// How many bytes the events of each console that wait to be read may hold; one event may, however large. As the console
    /// is configured, by default. To be said before the first reading.
    #[must_use]
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.capacity_bytes = Some(bytes);
        self
    }

    /// What happens when that many of a console wait. As the console is configured, by default. To be said before the first
    /// reading.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = Some(overflow);
        self
    }

    /// Only events that satisfy this; see [`Subscribe::filter`]. To be said before the first reading.
    #[must_use]
    pub fn filter(mut self, keep: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.keep = Some(Arc::new(keep));
        self
    }

    /// Subscribes on the consoles that are there now. Reading does it, too: for one who wants to miss nothing while doing
    /// something else first.
    #[must_use]
    pub fn start(mut self) -> Self {
        self.follow();
        self
    }

    /// The next item of any console; `None` when the set is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in its queue.
    pub async fn next(&mut self) -> Option<Item<T>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event of any console. Where something is missing, a warning is logged and the stream goes on; use
    /// [`next`](Self::next) to do better. `None` when the set is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an event that was not returned is still in its queue.
    pub async fn next_event(&mut self) -> Option<(Arc<str>, Event<T>)> {
        loop {
            match self.next().await? {
                (console, Ok(event)) => return Some((console, event)),
                (console, Err(missed)) => {
                    tracing::warn!(%console, %missed, "events were missed");
                }
            }
        }
    }

    /// Whether every console that was joined is live; see [`Subscription::is_live`].
    pub fn is_live(&self) -> bool {
        self.streams().all(|(_, stream)| stream.is_live())
    }

    /// Since when events of any console that was joined may be missing; see [`Subscription::interrupted_since`].
    pub fn interrupted_since(&self) -> Option<Timestamp> {
        self.interruptions().map(|(_, since)| since).min()
    }

    /// The consoles of which events may be missing, by name, and since when.
    pub fn interruptions(&self) -> impl Iterator<Item = (&Arc<str>, Timestamp)> {
        self.streams()
            .filter_map(|(name, stream)| Some((name, stream.interrupted_since()?)))
    }

    fn streams(&self) -> impl Iterator<Item = (&Arc<str>, &Subscription<T>)> {
        let members = self.streams.iter();
        members.filter_map(|member| Some((&member.name, member.stream.as_ref()?)))
    }

    /// Leaves those that were taken out or replaced, joins those that were put in.
    fn follow(&mut self) {
        let Some(shared) = self.consoles.upgrade() else {
            return;
        };
        let members = shared.lock();
        let stays = |name: &Arc<str>, console: &WeakConsole| {
            members.get(name).is_some_and(|held| console.is(held))
        };
        let before = self.joined.len();
        self.joined.retain(|name, console| stays(name, console));
        if self.joined.len() < before {
            for member in &mut self.streams {
                if !stays(&member.name, &member.console) {
                    if member.leaving.is_none() {
                        let missing = member.stream.as_ref().and_then(Subscription::left_at);
                        let missing = missing.map(|since| (Arc::clone(&member.name), since));
                        self.left.extend(missing);
                    }
                    member.leave();
                }
            }
        }
        for (name, console) in members.iter() {
            if self.joined.contains_key(name) {
                continue;
            }
            let mut wish = (self.subscribe)(console);
            if let Some(events) = self.capacity {
                wish = wish.capacity(events);
            }
            if let Some(bytes) = self.capacity_bytes {
                wish = wish.capacity_bytes(bytes);
            }
            if let Some(overflow) = self.overflow {
                wish = wish.overflow(overflow);
            }
            if let Some(keep) = &self.keep {
                wish = wish.keeping(Arc::clone(keep));
            }
            if let Some(since) = self.left.get(name) {
                wish = wish.resuming(*since);
            }
            self.joined.insert(Arc::clone(name), console.downgrade());
            self.streams.push(Member {
                name: Arc::clone(name),
                console: console.downgrade(),
                stream: Some(wish.start()),
                leaving: None,
                reader: None,
            });
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
        match Pin::new(&mut this.streams).poll_next(cx) {
            Poll::Ready(Some(item)) => Poll::Ready(Some(item)),
            Poll::Ready(None) if this.ended => Poll::Ready(None),
            // Nobody is joined now; somebody may be.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for AllConsoles<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.joined.keys()).finish()
    }
}

/// The stream of one console.
struct Member<T> {
    name: Arc<str>,
    /// It is not held open by being listened to.
    console: WeakConsole,
    /// None when nothing more is to be read of it.
    stream: Option<Subscription<T>>,
    /// Taken out of the set: so many items that had come before are still to be read.
    leaving: Option<usize>,
    reader: Option<Waker>,
}

impl<T> Member<T> {
    fn leave(&mut self) {
        let queued = self.stream.as_ref().map_or(0, Subscription::queued);
        if *self.leaving.get_or_insert(queued) == 0 {
            self.stream = None;
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
    }
}

impl<T> Stream for Member<T> {
    type Item = Item<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item<T>>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(None);
        };
        match Pin::new(stream).poll_next(cx) {
            Poll::Ready(Some(item)) => {
                if let Some(left) = &mut self.leaving {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        self.stream = None;
                    }
                }
                Poll::Ready(Some((Arc::clone(&self.name), item)))
            }
            // Closed for good: no more will come of it.
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
