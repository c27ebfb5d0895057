//! The part of the event streams that is particular to the main websocket.

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::frame::{Event, Frame};
use crate::shared::Shared;
use crate::socket::Input;
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Hub, Missed, Protocol, RawFrame, Timers, wall_time};
use futures_core::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

impl Protocol for Shared {
    type Handle = Client;
    type Key = Topic;
    type Frame = Frame;
    type Event<T> = Event<T>;
    type Local = ();
    type Error = Error;
    type ReadError = serde_json::Error;

    fn of(client: &Client) -> &Arc<Self> {
        client.shared()
    }

    fn hub(&self) -> &Hub<Topic, Frame> {
        &self.hub
    }

    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    fn local(&self) {}

    fn key(frame: &Frame) -> Option<&Topic> {
        Some(&frame.topic)
    }

    fn name(topic: &Topic) -> &str {
        topic.name()
    }

    fn raw(frame: &Frame) -> &RawFrame {
        &frame.raw
    }

    fn event<T>(&self, (): &mut (), frame: Frame, data: T) -> Event<T> {
        let now = tokio::time::Instant::now().into_std();
        Event {
            data,
            topic: frame.topic,
            received: wall_time(frame.received, now).into(),
            raw: frame.raw,
        }
    }

    fn data<T>(event: &Event<T>) -> &T {
        &event.data
    }

    fn confirm(client: Client, topic: Topic, _: bool) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(async move {
            let doing = format!("subscribing to {}", topic.name());
            let confirming = client.ask(|reply| Input::Confirm(topic, reply));
            confirming.await.map_err(|error| error.while_doing(doing))
        })
    }

    fn no_event(&self, within: Option<Duration>) -> Error {
        let doing = "waiting for an event";
        match within {
            Some(within) => Error::new(ErrorKind::NoEvent(within), doing),
            None if self.condition.get().state.is_closed() => self.why_closed(doing),
            None => Error::new(ErrorKind::Overflowed, doing),
        }
    }

    fn log_missed(&self, topics: &[Topic], missed: &Missed, is_news: bool) {
        let topic = topics.first().map(Topic::name);
        if is_news {
            tracing::warn!(topic, %missed, "events were missed");
        } else {
            tracing::debug!(topic, %missed, "events were missed");
        }
    }
}
