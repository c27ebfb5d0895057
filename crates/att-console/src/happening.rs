use crate::frame::Frame;
use crate::name::EventName;
use alta_model::{ServerId, Timestamp};
use alta_socket::RawFrame;
use std::sync::Arc;

/// Something that happened on a game server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<T> {
    /// What happened.
    pub data: T,
    /// The event's name.
    pub name: EventName,
    /// How the console is called that it came from.
    pub console: Arc<str>,
    /// The server's id; none on a self-hosted server, which has none.
    pub server: Option<ServerId>,
    frame: Frame,
}

impl<T> Event<T> {
    pub(crate) fn new(
        data: T,
        name: EventName,
        console: Arc<str>,
        server: Option<ServerId>,
        frame: Frame,
    ) -> Self {
        Self {
            data,
            name,
            console,
            server,
            frame,
        }
    }

    /// The server's time on the frame; none if it put no readable one there.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.frame.timestamp()
    }

    /// When it was received here.
    pub fn received(&self) -> Timestamp {
        self.frame.received.into()
    }

    /// The whole frame as it arrived: fields that `T` does not have are read from it.
    pub fn raw(&self) -> &RawFrame {
        &self.frame.raw
    }

    /// The same event with other data.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Event<U> {
        Event {
            data: change(self.data),
            name: self.name,
            console: self.console,
            server: self.server,
            frame: self.frame,
        }
    }
}
