//! The streams of main websocket events by path.

use alta_ws::{Event, Missed, Subscription, Topic};
use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::task::AtomicWaker;
use serde_json::Value;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

/// The events of one path of the main websocket, in order. The stream continues after lost connections and migrations. It ends
/// when the bot is closed or the path is [unsubscribed](crate::Bot::main_unsub) from.
pub struct MainEvents {
    events: Option<Subscription<Value>>,
    shared: Arc<Shared>,
}

impl MainEvents {
    /// The next item: an event, or the events that were missed. `None` when the stream has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in the queue.
    pub async fn next(&mut self) -> Option<Result<Event<Value>, Missed>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event. Where events are missing, a warning is logged and the stream continues. `None` when the stream has ended.
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

    /// The topic of the subscription.
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

/// The state that a stream shares with [`Bot::main_unsub`](crate::Bot::main_unsub).
struct Shared {
    topic: Topic,
    ended: AtomicBool,
    waker: AtomicWaker,
}

impl Shared {
    /// Ends the stream. Returns false if it has ended already.
    fn cut(&self) -> bool {
        let first = !self.ended.swap(true, Ordering::AcqRel);
        self.waker.wake();
        first
    }
}

/// All streams of a bot.
#[derive(Default)]
pub(crate) struct MainSubs(Mutex<Vec<Weak<Shared>>>);

impl MainSubs {
    /// Adds a stream of these events.
    pub(crate) fn add(&self, topic: Topic, events: Subscription<Value>) -> MainEvents {
        let shared = Arc::new(Shared {
            topic,
            ended: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        });
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|stream| stream.strong_count() > 0);
        streams.push(Arc::downgrade(&shared));
        MainEvents {
            events: Some(events),
            shared,
        }
    }

    /// Ends the streams of a topic, and returns their number.
    pub(crate) fn end(&self, topic: &Topic) -> usize {
        let streams = self.alive();
        let ended = streams
            .iter()
            .filter(|stream| stream.topic == *topic && stream.cut());
        ended.count()
    }

    fn alive(&self) -> Vec<Arc<Shared>> {
        let streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.iter().filter_map(Weak::upgrade).collect()
    }
}
