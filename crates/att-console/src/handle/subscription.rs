//! The part of the event streams that is particular to consoles.

use crate::error::{Error, ErrorKind};
use crate::handle::calls::Calls;
use crate::label::LabelCopy;
use crate::shared::{Call, Shared};
use crate::status::State;
use crate::wire::any_event::AnyEvent;
use crate::wire::event::Event;
use crate::wire::event_name::EventName;
use crate::wire::frame::{Frame, Kind};
use alta_model::Redactor;
use alta_socket::{Echoes, Hub, Missed, Protocol, RawFrame, Timers};
use futures_core::future::BoxFuture;
use serde::de::{DeserializeOwned, Error as _};
use std::sync::Arc;
use std::time::Duration;

/// A stream of a console's events.
pub type Subscription<T> = alta_socket::Subscription<Shared, T>;

/// A subscription that is made when it is awaited or started.
pub type Subscribe<T> = alta_socket::Subscribe<Shared, T>;

/// Decodes the data as a `T`, for any event name.
pub(crate) fn by_shape<T: DeserializeOwned>(frame: &Frame) -> Result<T, serde_json::Error> {
    name_of(frame)?;
    frame.decode()
}

/// Decodes the data as the type that belongs to the event name.
pub(crate) fn by_name(frame: &Frame) -> Result<AnyEvent, serde_json::Error> {
    AnyEvent::read(name_of(frame)?, frame)
}

fn name_of(frame: &Frame) -> Result<&EventName, serde_json::Error> {
    Shared::key(frame)
        .ok_or_else(|| serde_json::Error::custom("a part of a frame is not a JSON object"))
}

impl Protocol for Shared {
    type Handle = Arc<Calls>;
    type Key = EventName;
    type Frame = Frame;
    type Event<T> = Event<T>;
    type Local = LabelCopy;
    type Error = Error;
    type ReadError = serde_json::Error;

    fn of(calls: &Arc<Calls>) -> &Arc<Self> {
        &calls.shared
    }

    fn hub(&self) -> &Hub<EventName, Frame> {
        &self.hub
    }

    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    fn local(&self) -> LabelCopy {
        self.label.copy()
    }

    fn key(frame: &Frame) -> Option<&EventName> {
        match &frame.kind {
            Kind::Event(name) => Some(name),
            _ => None,
        }
    }

    fn name(name: &EventName) -> &str {
        name.as_str()
    }

    fn raw(frame: &Frame) -> &RawFrame {
        &frame.raw
    }

    fn is_own(frame: &Frame) -> bool {
        frame.is_own
    }

    fn event<T>(&self, label: &mut LabelCopy, frame: Frame, data: T) -> Event<T> {
        let console = Arc::clone(label.get(&self.label));
        Event::new(data, console, self.config.server, frame)
    }

    fn data<T>(event: &Event<T>) -> &T {
        &event.data
    }

    fn confirm(
        calls: Arc<Calls>,
        name: EventName,
        everything: bool,
    ) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(async move {
            let failed = |kind| {
                let doing = format!("subscribing to {name} on {}", calls.shared.label);
                Err(Error::new(kind, doing))
            };
            if !name.is_sendable() {
                let why = format!("{:?} is not a valid event name", name.as_str());
                return failed(ErrorKind::Argument(why));
            }
            let confirming = calls.ask(|outcome| Call::Confirm(name.clone(), outcome));
            match confirming.await.and_then(|outcome| outcome) {
                Ok(_) => Ok(()),
                // A stream of all events does not fail because a server lacks one of them.
                Err(ErrorKind::EventNotFound { .. }) if everything => Ok(()),
                Err(kind) => failed(kind),
            }
        })
    }

    fn no_event(&self, within: Option<Duration>) -> Error {
        let kind = match (within, self.status.get()) {
            (Some(within), _) => ErrorKind::NoEvent(within),
            (None, State::Closed { because }) => ErrorKind::Closed { because },
            (None, _) => ErrorKind::Overflowed,
        };
        let doing = format!("waiting for an event of {}", self.label);
        Error::new(kind, doing)
    }

    fn log_missed(&self, _: &[EventName], missed: &Missed, is_news: bool) {
        let console = &self.label;
        if is_news {
            tracing::warn!(%console, %missed, "events were missed");
        } else {
            tracing::debug!(%console, %missed, "events were missed");
        }
    }
}

impl Echoes for Shared {}
