//! Streams of events and the builder that subscribes to them, for every protocol.

use crate::frame::RawFrame;
use crate::hub::{Hub, Subscriber};
use crate::missed::{Missed, Overflow};
use crate::queue::{Delivery, Footprint, QueueConfig, now};
use crate::task::Timers;
use crate::wall::deadline_after;
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

/// The maximum number of remembered names of undecodable events; for each name, one warning is logged.
const WARNED: usize = 1_000;

/// The part of a connection that its streams use: the state that the handles and the task share.
pub trait Protocol: Send + Sync + Sized + 'static {
    /// Keeps the connection open. A stream does not have one.
    type Handle: Clone + fmt::Debug + Send + Sync + 'static;
    /// The key of a subscription.
    type Key: Clone + Eq + Hash + fmt::Debug + Send + Sync + Unpin + 'static;
    /// An event as it arrived.
    type Frame: Clone + Footprint + Send + Unpin + 'static;
    /// An event with its data decoded as `T`.
    type Event<T>;
    /// The stream's own data.
    type Local: Unpin;
    /// The error of a subscription or a wait.
    type Error;
    /// The error of decoding the data of an event.
    type ReadError: fmt::Display;

    /// The state behind a handle.
    fn of(handle: &Self::Handle) -> &Arc<Self>;

    /// The hub with all streams.
    fn hub(&self) -> &Hub<Self::Key, Self::Frame>;

    /// The timers of the runtime that the task runs on.
    fn timers(&self) -> &Timers;

    /// Has the tokens of the connection.
    fn redactor(&self) -> &Redactor;

    /// The own data of a new stream.
    fn local(&self) -> Self::Local;

    /// The subscription of a frame, if it is known.
    fn key(frame: &Self::Frame) -> Option<&Self::Key>;

    /// The name of a subscription in errors and logs.
    fn name(key: &Self::Key) -> &str;

    /// The whole frame.
    fn raw(frame: &Self::Frame) -> &RawFrame;

    /// Returns whether the connection caused this event itself. Streams omit such events by default.
    fn is_own(_: &Self::Frame) -> bool {
        false
    }

    /// The event of a frame, with its decoded data.
    fn event<T>(&self, local: &mut Self::Local, frame: Self::Frame, data: T) -> Self::Event<T>;

    /// The data of an event.
    fn data<T>(event: &Self::Event<T>) -> &T;

    /// Waits until the server has confirmed a subscription. For a stream of `everything`, a subscription that the
    /// server does not know is no error.
    fn confirm(
        handle: Self::Handle,
        key: Self::Key,
        everything: bool,
    ) -> BoxFuture<'static, Result<(), Self::Error>>;

    /// The error of a wait for an event: no event arrived `within` this time, or the stream has ended.
    fn no_event(&self, within: Option<Duration>) -> Self::Error;

    /// Logs that events were missed: as a warning, or for debugging if it was already reported.
    fn log_missed(&self, keys: &[Self::Key], missed: &Missed, is_news: bool);
}

/// A connection that receives events of its own commands; streams can include them.
pub trait Echoes: Protocol {}

/// The function that decodes the data of an event from its frame.
pub type Read<P, T> = fn(&<P as Protocol>::Frame) -> Result<T, <P as Protocol>::ReadError>;

/// The function that says whether a stream yields an event.
type Keep<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

/// A stream of events, in the order of their arrival. It continues after a lost connection.
///
/// Items are `Ok(event)`, or `Err(missed)` where events are missing; the stream continues after either. It ends only
/// when the connection is closed permanently (or, with [`Overflow::End`], when it is read too slowly).
///
/// An outage is one [`Missed::Gap`], for any number of subscriptions: the stream yields it when the last of them is
/// confirmed again, before all events that follow that confirmation; events of subscriptions that are confirmed sooner
/// come before it. A subscription that is not confirmed within a minute after the first one does not delay the gap; it
/// ends in its own gap. A stream that is closed during an outage ends with that gap. [`is_live`](Self::is_live) and
/// [`interrupted_since`](Self::interrupted_since) report an outage at any time.
///
/// If the server refuses a subscription that it held before a loss, its events stop until the next connection or until
/// a new stream of it; the status counts such refusals.
///
/// Dropping the stream unsubscribes after a short linger, if no other stream needs the same events.
#[doc(alias = "main_unsub")]
pub struct Subscription<P: Protocol, T> {
    subscriber: Subscriber<P::Key, P::Frame>,
    protocol: Arc<P>,
    local: P::Local,
    read: Read<P, T>,
    keep: Option<Keep<T>>,
    with_own: bool,
    /// The subscription of the last undecodable event.
    unreadable: Option<P::Key>,
    /// Subscriptions for which an undecodable event was logged.
    warned: HashSet<P::Key>,
}

impl<P: Protocol, T> Subscription<P, T> {
    /// The next item; `None` when the connection is closed permanently, or the stream has ended by [`Overflow::End`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in the queue.
    pub async fn next(&mut self) -> Option<Result<P::Event<T>, Missed>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event. For missing events, a warning is logged and the stream continues; [`next`](Self::next) returns
    /// them as items. `None` when the connection is closed permanently, or the stream has ended by [`Overflow::End`].
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

    /// The next event that satisfies `condition`, for at most `within`. Other events, and gaps, are skipped.
    ///
    /// # Errors
    ///
    /// `ErrorKind::NoEvent` on the timeout; `ErrorKind::Closed` when the connection is closed permanently;
    /// `ErrorKind::Overflowed` when the stream has ended by [`Overflow::End`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; skipped events are gone.
    pub async fn wait_for(
        &mut self,
        within: Duration,
        mut condition: impl FnMut(&T) -> bool,
    ) -> Result<P::Event<T>, P::Error> {
        let timers = self.protocol.timers().clone();
        let deadline = deadline_after(now(), within);
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

    /// The number of events in the queue.
    pub fn queued(&self) -> usize {
        self.subscriber.queued()
    }

    /// Returns whether the server holds all subscriptions of this stream now, as far as known, except refused ones.
    /// Events in the queue can be older.
    pub fn is_live(&self) -> bool {
        self.subscriber.is_live()
    }

    /// The time since which events may be missing; `None` if none are missing, and until the server has first confirmed
    /// the subscription. After the outage the stream yields it as [`Missed::Gap`]; a program that ends earlier can
    /// store it from here.
    pub fn interrupted_since(&self) -> Option<Timestamp> {
        self.subscriber.interrupted_since()
    }

    /// Warns once for each kind of event: otherwise an undecodable kind would fill the log.
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
            let item = match delivery {
                Delivery::Frame(frame) if !self.with_own && P::is_own(&frame) => continue,
                Delivery::Frame(frame) => self.decode(frame),
                Delivery::Lagged(count) => Err(Missed::Lagged(count)),
                Delivery::Gap(since, until) => Err(Missed::gap(since, until)),
            };
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

/// A future subscription. Awaiting it waits without a limit until the server has confirmed it; [`start`](Self::start)
/// does not wait.
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
    /// A subscription to these keys, with this queue unless the caller sets another.
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

    /// Includes every event that arrives, not only those of its keys.
    pub fn everything(mut self) -> Self {
        self.everything = true;
        self.with_own = true;
        self
    }

    /// The maximum number of events in the queue; at least one. 65,536 by default.
    pub fn capacity(mut self, events: usize) -> Self {
        self.queue = self.queue.capacity(events);
        self
    }

    /// The maximum size of all events in the queue, in bytes; a single event can be larger. 8 MiB by default.
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.queue.bytes = bytes;
        self
    }

    /// Continues another stream that has ended: the new stream yields the gap since then first, when the server has
    /// confirmed all its subscriptions.
    pub fn resuming(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// The rule for a full queue. By default, the oldest event is dropped and counted.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.queue.overflow = overflow;
        self
    }

    /// Yields only events whose data satisfies this condition; missing events are still reported. Other events also
    /// wait in the queue until they are read, and count towards its limits.
    pub fn filter(mut self, keep: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.keep = Some(Arc::new(keep));
        self
    }

    /// Returns the stream at once: events arrive after the server's confirmation. A refusal by the server is only
    /// logged and counted.
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
    /// Includes `CommandExecuted` of commands that this console has sent itself, also of the library's subscriptions.
    /// They are omitted by default: a bot that reacts to each command with a command would react to its own without
    /// end. `Event::is_own` identifies them.
    ///
    /// A server does not name the sender of a command. A command is its own if this connection has sent the same string
    /// and has not received the event of it yet. So if two bots send the same line, each omits one event. A command of
    /// another `Console` is not its own, even in the same program: two bots that react to each command react to each
    /// other.
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
