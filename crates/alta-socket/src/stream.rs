//! Streams of events and the builder that subscribes to them, for every protocol.

use crate::frame::RawFrame;
use crate::hub::{Hub, Subscriber};
use crate::missed::{Missed, Overflow};
use crate::queue::{Footprint, QueueConfig, now};
use crate::task::Timers;
use crate::wall::later;
use alta_model::{Redactor, Timestamp};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use std::collections::HashSet;
use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How many names of events that could not be read are remembered, so that each is warned of once.
const WARNED: usize = 1_000;

/// The part of a connection that its streams use: the state that handles and the task share.
pub trait Protocol: Send + Sync + Sized + 'static {
    /// Holds the connection open. A stream does not hold one.
    type Handle: Clone + fmt::Debug + Send + Sync + 'static;
    /// Names a subscription.
    type Key: Clone + Eq + Hash + fmt::Debug + Send + Sync + Unpin + 'static;
    /// An event as it arrived.
    type Frame: Clone + Footprint + Send + 'static;
    /// An event with its data read as `T`.
    type Event<T>;
    /// What each stream keeps for itself.
    type Local: Unpin;
    /// Why a subscription or a wait failed.
    type Error;
    /// Why the data of an event could not be read.
    type ReadError: fmt::Display;

    /// The state behind a handle.
    fn of(handle: &Self::Handle) -> &Arc<Self>;

    /// Where streams are registered.
    fn hub(&self) -> &Hub<Self::Key, Self::Frame>;

    /// The timers of the runtime that the task runs on.
    fn timers(&self) -> &Timers;

    /// Knows the tokens of the connection.
    fn redactor(&self) -> &Redactor;

    /// What a new stream keeps for itself.
    fn local(&self) -> Self::Local;

    /// The subscription that a frame belongs to, if that is known.
    fn key(frame: &Self::Frame) -> Option<&Self::Key>;

    /// A subscription as it is written in errors and logs.
    fn name(key: &Self::Key) -> &str;

    /// The whole frame.
    fn raw(frame: &Self::Frame) -> &RawFrame;

    /// Whether the connection caused this event itself. Streams leave such events out unless they ask for them.
    fn is_own(_: &Self::Frame) -> bool {
        false
    }

    /// The event of a frame whose data was read.
    fn event<T>(&self, local: &mut Self::Local, frame: Self::Frame, data: T) -> Self::Event<T>;

    /// The data of an event.
    fn data<T>(event: &Self::Event<T>) -> &T;

    /// Waits until the server has confirmed a subscription. For a stream of `everything`, one that the server lacks is no
    /// error.
    fn confirm(
        handle: Self::Handle,
        key: Self::Key,
        everything: bool,
    ) -> BoxFuture<'static, Result<(), Self::Error>>;

    /// The error of a wait for an event: nothing came `within` this time, or the stream has ended.
    fn no_event(&self, within: Option<Duration>) -> Self::Error;

    /// Logs that events were missed: as a warning, or for debugging if it is no news.
    fn log_missed(&self, keys: &[Self::Key], missed: &Missed, is_news: bool);
}

/// A connection that brings events of what it has caused itself, which streams can ask for.
pub trait Echoes: Protocol {}

/// How the data of an event is read out of its frame.
pub type Read<P, T> = fn(&<P as Protocol>::Frame) -> Result<T, <P as Protocol>::ReadError>;

/// Whether a stream yields an event.
type Keep<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

/// A stream of events, in the order in which they came, that outlives lost connections.
///
/// Items are `Ok(event)`, or `Err(missed)` where something is missing; the stream goes on after either. It ends only when
/// the connection is closed for good (or, with [`Overflow::End`], when it was read too slowly).
///
/// An outage is one [`Missed::Gap`], however many subscriptions the stream has: it comes when the last of them is confirmed
/// again, before every event that follows that; events of those that are back sooner come before it. A subscription that is
/// not back a minute after the first no longer holds it up, and ends in a gap of its own. A stream that is closed while it is
/// interrupted ends with that gap. [`is_live`](Self::is_live) and [`interrupted_since`](Self::interrupted_since) tell at any
/// time.
///
/// If the server refuses after a lost connection what it held before, nothing more comes until the next connection or until
/// somebody subscribes to it anew; the status counts it.
///
/// Dropping it unsubscribes after a short linger, if no other stream wants the same events.
#[doc(alias = "main_unsub")]
pub struct Subscription<P: Protocol, T> {
    subscriber: Subscriber<P::Key, P::Frame>,
    protocol: Arc<P>,
    local: P::Local,
    read: Read<P, T>,
    keep: Option<Keep<T>>,
    with_own: bool,
    /// The subscription of the last event that could not be read.
    unreadable: Option<P::Key>,
    /// Subscriptions with an event that could not be read and was warned of.
    warned: HashSet<P::Key>,
}

impl<P: Protocol, T> Subscription<P, T> {
    /// The next item; `None` when the connection is closed for good, or the stream has ended by [`Overflow::End`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in the queue.
    pub async fn next(&mut self) -> Option<Result<P::Event<T>, Missed>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event. Where something is missing, a warning is logged and the stream goes on; use
    /// [`next`](Self::next) to do better. `None` when the connection is closed for good, or the stream has ended by
    /// [`Overflow::End`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an event that was not returned is still in the queue.
    pub async fn next_event(&mut self) -> Option<P::Event<T>> {
        loop {
            match self.next().await? {
                Ok(event) => return Some(event),
                Err(missed) => self.log(&missed),
            }
        }
    }

    /// The next event that satisfies `condition`, for at most `within`. Others, and gaps, are skipped.
    ///
    /// # Errors
    ///
    /// `ErrorKind::NoEvent` when the time is over; `ErrorKind::Closed` when the connection is closed for good;
    /// `ErrorKind::Overflowed` when the stream has ended by itself ([`Overflow::End`]).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; events that were skipped are gone.
    pub async fn wait_for(
        &mut self,
        within: Duration,
        mut condition: impl FnMut(&T) -> bool,
    ) -> Result<P::Event<T>, P::Error> {
        let timers = self.protocol.timers().clone();
        let deadline = later(now(), within);
        let found = async {
            while let Some(item) = self.next().await {
                match item {
                    Ok(event) if condition(P::data(&event)) => return Some(event),
                    _ => {}
                }
            }
            None
        };
        match timers.timeout_at(deadline, found).await {
            Some(Some(event)) => Ok(event),
            Some(None) => Err(self.protocol.no_event(None)),
            None => Err(self.protocol.no_event(Some(within))),
        }
    }

    /// The subscriptions of the stream.
    pub fn keys(&self) -> &[P::Key] {
        self.subscriber.keys()
    }

    /// How many events wait to be read.
    pub fn queued(&self) -> usize {
        self.subscriber.queued()
    }

    /// Whether the server holds all of its subscriptions now, as far as known, but for those that it refused. Events that
    /// wait to be read may be older.
    pub fn is_live(&self) -> bool {
        self.subscriber.is_live()
    }

    /// Since when events may be missing; `None` while none are, and until the server has first confirmed the subscription.
    /// When this is over the stream yields it as [`Missed::Gap`]: a program that ends before writes it down from here.
    pub fn interrupted_since(&self) -> Option<Timestamp> {
        self.subscriber.interrupted_since()
    }

    /// A kind of event that cannot be read at all would fill the log: the first one is enough.
    fn log(&mut self, missed: &Missed) {
        let is_news = match (missed, self.unreadable.take()) {
            (Missed::Undecodable { .. }, Some(key)) => {
                self.warned.len() < WARNED && self.warned.insert(key)
            }
            _ => true,
        };
        self.protocol.log_missed(self.keys(), missed, is_news);
    }

    fn decode(&mut self, frame: P::Frame) -> Result<P::Event<T>, Missed> {
        match (self.read)(&frame) {
            Ok(data) => Ok(self.protocol.event(&mut self.local, frame, data)),
            Err(error) => {
                let key = P::key(&frame);
                let reason = match key {
                    Some(key) => format!("{}: {error}", P::name(key)),
                    None => error.to_string(),
                };
                self.unreadable = key.cloned();
                let reason = self.protocol.redactor().redact(&reason).into_owned();
                let raw = P::raw(&frame).clone();
                Err(Missed::Undecodable { reason, raw })
            }
        }
    }
}

impl<P: Protocol, T> Stream for Subscription<P, T> {
    type Item = Result<P::Event<T>, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(delivery) = ready!(self.subscriber.poll_next(cx)) else {
                return Poll::Ready(None);
            };
            let delivered = delivery.into_result();
            if !self.with_own && delivered.as_ref().is_ok_and(P::is_own) {
                continue;
            }
            let item = delivered.and_then(|frame| self.decode(frame));
            match (&item, &self.keep) {
                (Ok(event), Some(keep)) if !keep(P::data(event)) => {}
                _ => return Poll::Ready(Some(item)),
            }
        }
    }
}

impl<P: Protocol, T> fmt::Debug for Subscription<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("subscriber", &self.subscriber)
            .finish_non_exhaustive()
    }
}

/// A subscription about to be made. Awaiting it waits until the server has confirmed it, for as long as that takes;
/// [`start`](Self::start) does not wait.
#[must_use = "a subscription does nothing until it is awaited or started"]
pub struct Subscribe<P: Protocol, T> {
    handle: P::Handle,
    keys: Vec<P::Key>,
    everything: bool,
    queue: QueueConfig,
    since: Option<Timestamp>,
    read: Read<P, T>,
    keep: Option<Keep<T>>,
    with_own: bool,
}

impl<P: Protocol, T> Subscribe<P, T> {
    /// A subscription to these keys, with this queue unless the caller asks for another.
    pub fn new(handle: P::Handle, keys: Vec<P::Key>, queue: QueueConfig, read: Read<P, T>) -> Self {
        Self {
            handle,
            keys,
            everything: false,
            queue,
            since: None,
            read,
            keep: None,
            with_own: false,
        }
    }

    /// Every event that comes, not only those of its keys.
    pub fn everything(mut self) -> Self {
        self.everything = true;
        self.with_own = true;
        self
    }

    /// How many events may wait to be read; at least one. 65,536 by default.
    pub fn capacity(mut self, events: usize) -> Self {
        self.queue = self.queue.capacity(events);
        self
    }

    /// How many bytes the events that wait to be read may hold; one event may, however large. 8 MiB by default.
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.queue.bytes = bytes;
        self
    }

    /// The stream goes on where another one ended: it begins with the gap since then, told when the server has confirmed
    /// all of its subscriptions.
    pub fn resuming(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// What happens when that many wait. The oldest is dropped and counted, by default.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.queue.overflow = overflow;
        self
    }

    /// Only events whose data satisfies this; missing events are told all the same. Events that do not satisfy it wait with
    /// the others for the stream to be read, and count as such.
    pub fn filter(mut self, keep: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.keep = Some(Arc::new(keep));
        self
    }

    /// The stream at once: events flow from the server's confirmation on, whenever that is. A refusal by the server is
    /// logged and counted only.
    pub fn start(self) -> Subscription<P, T> {
        let protocol = Arc::clone(P::of(&self.handle));
        let hub = protocol.hub();
        let subscriber = match self.since {
            Some(since) => hub.resume(self.keys, self.queue, self.everything, since),
            None if self.everything => hub.observe(self.keys, self.queue),
            None => hub.subscribe(self.keys, self.queue),
        };
        Subscription {
            subscriber,
            local: protocol.local(),
            protocol,
            read: self.read,
            keep: self.keep,
            with_own: self.with_own,
            unreadable: None,
            warned: HashSet::new(),
        }
    }

    async fn confirmed(self) -> Result<Subscription<P, T>, P::Error> {
        let (handle, keys, everything) = (self.handle.clone(), self.keys.clone(), self.everything);
        let stream = self.start();
        for key in keys {
            P::confirm(handle.clone(), key, everything).await?;
        }
        Ok(stream)
    }
}

impl<P: Echoes, T> Subscribe<P, T> {
    /// Also `CommandExecuted` of commands that this console has sent itself, the library's subscriptions among them. They are
    /// left out by default: a bot that reacts to each command with a command would react to its own forever. `Event::is_own`
    /// tells them from others.
    ///
    /// A server does not say who sent a command. Own is one of the same words that was sent on this connection and whose
    /// event has not come yet, so of two bots that send the same line, each leaves one event out. A command that another
    /// `Console` sends is not own, be it in the same program: two bots that both react to each command still react to each other.
    pub fn with_own_commands(mut self) -> Self {
        self.with_own = true;
        self
    }
}

impl<P: Protocol, T: 'static> IntoFuture for Subscribe<P, T>
where
    P::Local: Send,
    P::Error: Send,
{
    type Output = Result<Subscription<P, T>, P::Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.confirmed())
    }
}

impl<P: Protocol, T> fmt::Debug for Subscribe<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("handle", &self.handle)
            .field("keys", &self.keys)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}
