use crate::console::Console;
use crate::driver::{Call, Shared};
use crate::error::{Error, ErrorKind};
use crate::frame::{Frame, Kind};
use crate::happening::Event;
use crate::label::LabelCopy;
use crate::name::EventName;
use crate::status::State;
use alta_model::Timestamp;
use alta_socket::{Missed, Overflow, QueueConfig, Subscriber, later};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use serde::de::DeserializeOwned;
use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A stream of a console's events, in the order in which they came, that outlives lost connections.
///
/// Items are `Ok(event)`, or `Err(missed)` where something is missing; the stream goes on after either. It ends only
/// when the console is closed for good (or, with [`Overflow::End`], when it was read too slowly).
///
/// An outage is one [`Missed::Gap`], however many names the stream has: it comes when the last of them is confirmed again,
/// before every event that follows that; events of the names that are back sooner come before it. A name that is not back a
/// minute after the first no longer holds it up, and ends in a gap of its own. A stream that is closed while it is
/// interrupted ends with that gap. [`is_live`](Self::is_live) and [`interrupted_since`](Self::interrupted_since) tell at any
/// time.
///
/// Dropping it unsubscribes after a short linger, if no other stream wants the same events.
pub struct Subscription<T> {
    subscriber: Subscriber<EventName, Frame>,
    shared: Arc<Shared>,
    label: LabelCopy,
    read: Reader<T>,
    keep: Option<Keep<T>>,
    with_own: bool,
    /// Whether an event that could not be read was warned of.
    has_warned: bool,
}

/// Whether a stream yields an event.
type Keep<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

/// How the data of an event becomes a `T`.
pub(crate) type Reader<T> = fn(&EventName, &Frame) -> Result<T, serde_json::Error>;

/// Reads the data as it is, whatever the event's name.
pub(crate) fn by_shape<T: DeserializeOwned>(
    _: &EventName,
    frame: &Frame,
) -> Result<T, serde_json::Error> {
    frame.decode()
}

impl<T> Subscription<T> {
    /// The next item; `None` when the console is closed for good, or the stream has ended by [`Overflow::End`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in the queue.
    pub async fn next(&mut self) -> Option<Result<Event<T>, Missed>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event. Where something is missing, a warning is logged and the stream goes on; use
    /// [`next`](Self::next) to do better. `None` when the console is closed for good, or the stream has ended by
    /// [`Overflow::End`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an event that was not returned is still in the queue.
    pub async fn next_event(&mut self) -> Option<Event<T>> {
        loop {
            match self.next().await? {
                Ok(event) => return Some(event),
                Err(missed) => self.warn(&missed),
            }
        }
    }

    /// The next event that satisfies `condition`, for at most `within`. Others, and gaps, are skipped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NothingCame`] when the time is over; [`ErrorKind::Closed`] when the console is closed for good;
    /// [`ErrorKind::Overflowed`] when the stream has ended by itself ([`Overflow::End`]).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; what was skipped is gone.
    pub async fn wait_for(
        &mut self,
        within: Duration,
        mut condition: impl FnMut(&T) -> bool,
    ) -> Result<Event<T>, Error> {
        let timers = self.shared.timers.clone();
        let deadline = later(tokio::time::Instant::now().into_std(), within);
        let found = async {
            while let Some(item) = self.next().await {
                match item {
                    Ok(event) if condition(&event.data) => return Some(event),
                    _ => {}
                }
            }
            None
        };
        let kind = match timers.timeout_at(deadline, found).await {
            Some(Some(event)) => return Ok(event),
            Some(None) => self.why_ended(),
            None => ErrorKind::NothingCame(within),
        };
        let doing = format!("waiting for an event of {}", self.shared.label);
        Err(Error::new(kind, doing))
    }

    /// A kind of event that cannot be read at all would fill the log: the first one is enough.
    fn warn(&mut self, missed: &Missed) {
        let console = &self.shared.label;
        let is_undecodable = matches!(missed, Missed::Undecodable { .. });
        if is_undecodable && std::mem::replace(&mut self.has_warned, true) {
            tracing::debug!(%console, %missed, "events were missed");
        } else {
            tracing::warn!(%console, %missed, "events were missed");
        }
    }

    fn why_ended(&self) -> ErrorKind {
        match self.shared.status.get() {
            State::Closed { because } => ErrorKind::Closed { because },
            _ => ErrorKind::Overflowed,
        }
    }

    /// How many events wait to be read.
    pub fn queued(&self) -> usize {
        self.subscriber.queued()
    }

    /// Whether the server holds all of its subscriptions now, as far as known, but for those that it refused. What waits to
    /// be read may be older.
    pub fn is_live(&self) -> bool {
        self.subscriber.is_live()
    }

    /// Since when events may be missing; `None` while none are, and until the server has first confirmed the subscription.
    /// When this is over the stream yields it as [`Missed::Gap`]: a program that ends before writes it down from here.
    pub fn interrupted_since(&self) -> Option<Timestamp> {
        self.subscriber.interrupted_since()
    }

    fn read(&mut self, frame: Frame) -> Result<Event<T>, Missed> {
        let undecodable = |reason: String| {
            let reason = self.shared.redactor.redact(&reason).into_owned();
            let raw = frame.raw.clone();
            Missed::Undecodable { reason, raw }
        };
        let Kind::Event(name) = &frame.kind else {
            return Err(undecodable(
                "a part of a frame is no whole JSON object".to_owned(),
            ));
        };
        let data =
            (self.read)(name, &frame).map_err(|error| undecodable(format!("{name}: {error}")))?;
        let console = Arc::clone(self.label.get(&self.shared.label));
        let name = name.clone();
        Ok(Event::new(
            data,
            name,
            console,
            self.shared.config.server,
            frame,
        ))
    }
}

impl<T> Stream for Subscription<T> {
    type Item = Result<Event<T>, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(delivery) = ready!(self.subscriber.poll_next(cx)) else {
                return Poll::Ready(None);
            };
            let delivered = delivery.into_result();
            if !self.with_own && delivered.as_ref().is_ok_and(|frame| frame.is_own) {
                continue;
            }
            let item = delivered.and_then(|frame| self.read(frame));
            match (&item, &self.keep) {
                (Ok(event), Some(keep)) if !keep(&event.data) => {}
                _ => return Poll::Ready(Some(item)),
            }
        }
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("console", &self.shared.label)
            .field("subscriber", &self.subscriber)
            .finish_non_exhaustive()
    }
}

/// A subscription about to be made. Awaiting it waits until the server has confirmed it, for as long as that takes;
/// [`start`](Self::start) does not wait.
#[must_use = "a subscription does nothing until it is awaited or started"]
pub struct Subscribe<T> {
    console: Console,
    names: Vec<EventName>,
    everything: bool,
    queue: QueueConfig,
    since: Option<Timestamp>,
    read: Reader<T>,
    keep: Option<Keep<T>>,
    with_own: bool,
}

impl<T> Subscribe<T> {
    pub(crate) fn new(console: Console, names: Vec<EventName>, read: Reader<T>) -> Self {
        let queue = console.config().queue;
        Self {
            console,
            names,
            everything: false,
            queue,
            since: None,
            read,
            keep: None,
            with_own: false,
        }
    }

    /// Everything that comes, not only what has these names.
    pub(crate) fn everything(mut self) -> Self {
        self.everything = true;
        self.with_own_commands()
    }

    /// Also [`CommandExecuted`](crate::event::CommandExecuted) of commands that this console has sent itself, the library's
    /// subscriptions among them. They are left out by default: a bot that answers each command with a command would answer
    /// its own for ever. [`Event::is_own`] tells them from others.
    ///
    /// A server does not say who sent a command. Own is one of the same words that was sent on this connection and whose
    /// event has not come yet, so of two bots that send the same line, each leaves one event out. What another `Console` sends is
    /// not own, be it in the same program: two bots that both answer each command still answer each other.
    pub fn with_own_commands(mut self) -> Self {
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

    /// Only events that satisfy this; what is missing is told all the same. Events that do not have waited with the others
    /// for the stream to be read, and count as such.
    ///
    /// ```no_run
    /// # use att_console::{Console, event::PlayerMovedChunk};
    /// # async fn run(console: Console) -> Result<(), att_console::Error> {
    /// let into_caves = |moved: &PlayerMovedChunk| moved.new_cave_layer().is_some();
    /// let mut moves = console.subscribe().filter(into_caves).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn filter(mut self, keep: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.keep = Some(Arc::new(keep));
        self
    }

    /// The stream at once: events flow from the server's confirmation on, whenever that is. A name that the server does
    /// not know goes unnoticed this way.
    pub fn start(self) -> Subscription<T> {
        let shared = self.console.shared();
        let hub = &shared.hub;
        let subscriber = match self.since {
            Some(since) => hub.resume(self.names, self.queue, self.everything, since),
            None if self.everything => hub.observe(self.names, self.queue),
            None => hub.subscribe(self.names, self.queue),
        };
        Subscription {
            subscriber,
            label: shared.label.copy(),
            shared: Arc::clone(shared),
            read: self.read,
            keep: self.keep,
            with_own: self.with_own,
            has_warned: false,
        }
    }

    async fn confirmed(self) -> Result<Subscription<T>, Error> {
        let (console, names, everything) =
            (self.console.clone(), self.names.clone(), self.everything);
        let stream = self.start();
        for name in names {
            let failed = |kind| {
                let doing = format!("subscribing to {name} on {}", console.label());
                Err(Error::new(kind, doing))
            };
            if !name.is_sendable() {
                let why = format!("{:?} cannot be the name of an event", name.as_str());
                return failed(ErrorKind::Argument(why));
            }
            let confirming = console.ask(|outcome| Call::Confirm(name.clone(), outcome));
            match confirming.await.and_then(|outcome| outcome) {
                Ok(_) => {}
                // A stream of everything does not fail because a server lacks one of the events.
                Err(ErrorKind::EventNotFound { .. }) if everything => {}
                Err(kind) => return failed(kind),
            }
        }
        Ok(stream)
    }
}

impl<T: 'static> IntoFuture for Subscribe<T> {
    type Output = Result<Subscription<T>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.confirmed())
    }
}

impl<T> fmt::Debug for Subscribe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("console", &self.console)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
