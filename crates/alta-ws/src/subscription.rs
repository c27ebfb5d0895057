use crate::client::Client;
use crate::error::Error;
use crate::frame::{Event, Frame};
use crate::socket::Input;
use crate::topic::Topic;
use alta_model::{Redactor, Timestamp, escaped};
use alta_socket::{Missed, Overflow, QueueConfig, Subscriber, wall_time};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// How an event's JSON text is read.
type Read<T> = fn(&str) -> Result<T, serde_json::Error>;

/// A stream of events, in the order in which they came, that outlives lost connections and migrations.
///
/// Items are `Ok(event)`, or `Err(missed)` where something is missing; the stream goes on after either. It ends only
/// when the client is closed (or, with [`Overflow::End`], when it was read too slowly).
///
/// An outage is one [`Missed::Gap`], however many topics the stream has: it comes when the last of them is confirmed again,
/// before every event that follows that; events of the topics that are back sooner come before it. A topic that is not back
/// a minute after the first no longer holds it up, and ends in a gap of its own. A stream that is closed while it is
/// interrupted ends with that gap. [`is_live`](Self::is_live) and [`interrupted_since`](Self::interrupted_since) tell at any
/// time.
///
/// If the server refuses after a lost connection what it held before, nothing more comes until the next connection or
/// until somebody subscribes to it anew: [`Status::last_refusal`](crate::Status::last_refusal) tells.
///
/// Dropping it unsubscribes after a short linger, if no other stream wants the same events.
#[doc(alias = "main_unsub")]
pub struct Subscription<T> {
    subscriber: Subscriber<Topic, Frame>,
    read: Read<T>,
    redactor: Redactor,
}

impl<T> Subscription<T> {
    /// The next item; `None` when the client is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in the queue.
    pub async fn next(&mut self) -> Option<Result<Event<T>, Missed>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event. Where something is missing, a warning is logged and the stream goes on; use
    /// [`next`](Self::next) to do better. `None` when the client is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an event that was not returned is still in the queue.
    pub async fn next_event(&mut self) -> Option<Event<T>> {
        loop {
            match self.next().await? {
                Ok(event) => return Some(event),
                // It was warned of when it came.
                Err(Missed::Undecodable { .. }) => {}
                Err(missed) => {
                    let topic = self.topics().first().map(Topic::name);
                    tracing::warn!(topic, %missed, "events were missed");
                }
            }
        }
    }

    /// The topics it is subscribed to.
    pub fn topics(&self) -> &[Topic] {
        self.subscriber.keys()
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

    fn decode(&self, frame: Frame) -> Result<Event<T>, Missed> {
        let data = frame.content().and_then(|text| (self.read)(&text));
        match data {
            Ok(data) => Ok(Event {
                data,
                topic: frame.topic,
                received: wall_time(frame.received, now()).into(),
                raw: frame.raw,
            }),
            Err(error) => {
                let reason = format!("{}: {error}", frame.topic.name());
                let reason = self.redactor.redact(&reason).into_owned();
                tracing::warn!(error = %escaped(&reason), "an event could not be read");
                let raw = frame.raw;
                Err(Missed::Undecodable { reason, raw })
            }
        }
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl<T> Stream for Subscription<T> {
    type Item = Result<Event<T>, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(delivery) = ready!(self.subscriber.poll_next(cx)) else {
            return Poll::Ready(None);
        };
        let item = delivery.into_result().and_then(|frame| self.decode(frame));
        Poll::Ready(Some(item))
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("subscriber", &self.subscriber)
            .finish_non_exhaustive()
    }
}

/// A subscription about to be made. Awaiting it waits until the server has confirmed it, for as long as that takes;
/// [`start`](Self::start) does not wait.
#[must_use = "a subscription does nothing until it is awaited or started"]
pub struct Subscribe<T> {
    client: Client,
    topics: Vec<Topic>,
    everything: bool,
    queue: QueueConfig,
    since: Option<Timestamp>,
    read: Read<T>,
}

impl<T> Subscribe<T> {
    pub(crate) fn new(client: Client, topics: Vec<Topic>, everything: bool, read: Read<T>) -> Self {
        let queue = client.config().queue;
        Self {
            client,
            topics,
            everything,
            queue,
            since: None,
            read,
        }
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

    /// The stream at once: events flow from the server's confirmation on, whenever that is. A refusal by the server is
    /// logged, counted, and shown in the [`Status`](crate::Status) only.
    pub fn start(self) -> Subscription<T> {
        let hub = self.client.hub();
        Subscription {
            subscriber: match self.since {
                Some(since) => hub.resume(self.topics, self.queue, self.everything, since),
                None if self.everything => hub.observe(self.topics, self.queue),
                None => hub.subscribe(self.topics, self.queue),
            },
            read: self.read,
            redactor: self.client.redactor().clone(),
        }
    }

    async fn confirmed(self) -> Result<Subscription<T>, Error> {
        let client = self.client.clone();
        let topics = self.topics.clone();
        let stream = self.start();
        for topic in topics {
            let doing = format!("subscribing to {}", topic.name());
            client
                .ask(|reply| Input::Confirm(topic, reply))
                .await
                .map_err(|error| error.while_doing(doing))?;
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
            .field("topics", &self.topics)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}
