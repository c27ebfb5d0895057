//! Subscribing to events of the main websocket by their paths.

use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use alta_ws as ws;
use alta_ws::{Event, Missed, Topic};
use att_kit::HandlerFn;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use futures_util::task::AtomicWaker;
use serde_json::Value;
use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

impl Bot {
    /// Subscribes to an event of the main websocket by its path, `subscription/{event}/{id}`, the event in any case. Await
    /// the result for a stream, or give it a [`callback`](MainSub::callback).
    ///
    /// ```no_run
    /// # async fn run(bot: alta_bot::Bot) -> Result<(), alta_bot::Error> {
    /// let mut statuses = bot.main_sub("subscription/group-server-status/2000000031").await?;
    /// while let Some(status) = statuses.next_event().await {
    ///     println!("{} is {}", status.data["name"], status.data["server_status"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`socket`](Self::socket) subscribes to the known events in typed form.
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::ArgumentFormat`] if that is no path, [`ErrorKind::SubscriptionRefused`] with what the
    /// service said, [`ErrorKind::Unavailable`] without a bot's credentials, [`ErrorKind::Socket`].
    pub fn main_sub(&self, path: &str) -> MainSub<'_> {
        MainSub {
            bot: self,
            topic: topic(path),
        }
    }

    /// Ends the streams and callbacks that [`main_sub`](Self::main_sub) made of this path, and returns how many there
    /// were. The service is told when no stream wants the event any more, after a short linger.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentFormat`] if that is no path.
    pub fn main_unsub(&self, path: &str) -> Result<usize, Error> {
        let topic = topic(path)?;
        let streams = self.inner.main_subs.alive();
        let ended = streams
            .iter()
            .filter(|stream| stream.topic == topic && stream.cut());
        Ok(ended.count())
    }
}

fn topic(path: &str) -> Result<Topic, Error> {
    path.parse().map_err(|error: ws::Error| {
        let reason = match error.kind() {
            ws::ErrorKind::Topic { reason } => reason.clone(),
            _ => error.to_string(),
        };
        let doing = format!("reading the path {path:?}");
        Error::new(ErrorKind::ArgumentFormat { reason }, doing)
    })
}

/// A subscription on the main websocket about to be made: await it, or give it a [`callback`](Self::callback).
#[must_use = "a subscription does nothing until it is awaited"]
#[derive(Debug)]
pub struct MainSub<'a> {
    bot: &'a Bot,
    topic: Result<Topic, Error>,
}

impl MainSub<'_> {
    /// Calls this function with each event, one after the other, until the bot is closed or the path
    /// [unsubscribed](Bot::main_unsub) from; returns as soon as it is subscribed. The function is given the bot, so that
    /// it need not hold it (a handle that it holds keeps the bot open).
    ///
    /// Where events are missing a warning is logged. A function that panics or returns an error is logged, and
    /// called again with the next event.
    ///
    /// # Errors
    ///
    /// As when awaited, see [`Bot::main_sub`].
    pub async fn callback(self, handler: impl HandlerFn<Bot, Event<Value>>) -> Result<(), Error> {
        let bot = self.bot;
        let mut events = self.confirmed().await?;
        bot.handle(move |weak| async move {
            while let Some(event) = events.next_event().await {
                let Some(bot) = weak.upgrade() else { return };
                let topic = event.topic.clone();
                crate::callbacks::call(&topic, || handler(bot, event)).await;
            }
        });
        Ok(())
    }

    async fn confirmed(self) -> Result<MainEvents, Error> {
        let topic = self.topic?;
        let events = self.bot.socket()?.subscribe(topic.clone()).await;
        let events = events.map_err(|error| refused(error, &topic))?;
        let shared = Arc::new(Shared {
            topic,
            ended: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        });
        self.bot.inner.main_subs.add(&shared);
        Ok(MainEvents {
            events: Some(events),
            shared,
        })
    }
}

fn refused(error: ws::Error, topic: &Topic) -> Error {
    let doing = format!("subscribing to {topic}");
    match error.kind() {
        ws::ErrorKind::Refused {
            status,
            message,
            error_code,
        } => {
            let kind = ErrorKind::SubscriptionRefused {
                status: *status,
                message: message.clone(),
                error_code: error_code.clone(),
                suggestions: if KNOWN.contains(&topic.event()) {
                    Vec::new()
                } else {
                    crate::nearest::names(topic.event(), KNOWN)
                },
            };
            // It holds all that the error does.
            Error::new(kind, doing)
        }
        ws::ErrorKind::Closed => Error::new(ErrorKind::Closed, doing).because(error),
        _ => Error::new(ErrorKind::Socket, doing).because(error),
    }
}

impl<'a> IntoFuture for MainSub<'a> {
    type Output = Result<MainEvents, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.confirmed())
    }
}

/// The events of a path of the main websocket, in their order. It outlives lost connections and migrations, and ends when
/// the bot is closed or the path is [unsubscribed](Bot::main_unsub) from.
pub struct MainEvents {
    events: Option<ws::Subscription<Value>>,
    shared: Arc<Shared>,
}

impl MainEvents {
    /// The next item: an event, or what was missed. `None` when the stream has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in the queue.
    pub async fn next(&mut self) -> Option<Result<Event<Value>, Missed>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event. Where something is missing, a warning is logged and the stream goes on. `None` when the stream has
    /// ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an event that was not returned is still in the queue.
    pub async fn next_event(&mut self) -> Option<Event<Value>> {
        loop {
            match self.next().await? {
                Ok(event) => return Some(event),
                Err(missed) => {
                    tracing::warn!(topic = %self.shared.topic, %missed, "events were missed");
                }
            }
        }
    }

    /// What it is subscribed to.
    pub fn topic(&self) -> &Topic {
        &self.shared.topic
    }
}

impl Stream for MainEvents {
    type Item = Result<Event<Value>, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.shared.waker.register(cx.waker());
        if self.shared.ended.load(Ordering::Acquire) {
            self.events = None;
        }
        match &mut self.events {
            Some(events) => events.poll_next_unpin(cx),
            None => Poll::Ready(None),
        }
    }
}

impl fmt::Debug for MainEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MainEvents")
            .field("topic", &self.shared.topic)
            .finish_non_exhaustive()
    }
}

/// A stream as [`Bot::main_unsub`] sees it.
struct Shared {
    topic: Topic,
    ended: AtomicBool,
    waker: AtomicWaker,
}

impl Shared {
    /// Ends it; false if it had ended.
    fn cut(&self) -> bool {
        let first = !self.ended.swap(true, Ordering::AcqRel);
        self.waker.wake();
        first
    }
}

/// The streams that there are.
#[derive(Default)]
pub(crate) struct MainSubs(Mutex<Vec<Weak<Shared>>>);

impl MainSubs {
    fn add(&self, stream: &Arc<Shared>) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|stream| stream.strong_count() > 0);
        streams.push(Arc::downgrade(stream));
    }

    fn alive(&self) -> Vec<Arc<Shared>> {
        let streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.iter().filter_map(Weak::upgrade).collect()
    }
}

/// The events that are known.
const KNOWN: [&str; 21] = [
    ws::MeGroupCreate::EVENT,
    ws::MeGroupDelete::EVENT,
    ws::MeGroupInviteCreate::EVENT,
    ws::MeGroupInviteDelete::EVENT,
    ws::MeGroupRequestCreate::EVENT,
    ws::MeGroupRequestDelete::EVENT,
    ws::GroupUpdate::EVENT,
    ws::GroupMemberCreate::EVENT,
    ws::GroupMemberDelete::EVENT,
    ws::GroupMemberUpdate::EVENT,
    ws::GroupInviteCreate::EVENT,
    ws::GroupInviteDelete::EVENT,
    ws::GroupRequestCreate::EVENT,
    ws::GroupRequestDelete::EVENT,
    ws::GroupBanCreate::EVENT,
    ws::GroupBanDelete::EVENT,
    ws::GroupServerCreate::EVENT,
    ws::GroupServerDelete::EVENT,
    ws::GroupServerUpdate::EVENT,
    ws::GroupServerStatus::EVENT,
    ws::GroupServerHeartbeat::EVENT,
];
