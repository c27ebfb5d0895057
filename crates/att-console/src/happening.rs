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
    /// The server's time on the frame.
    pub timestamp: Option<Timestamp>,
    /// When it was received here.
    pub received: Timestamp,
    /// The whole frame as it arrived: fields that `T` does not have are read from it.
    pub raw: RawFrame,
}

impl<T> Event<T> {
    /// The same event with other data.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Event<U> {
        Event {
            data: change(self.data),
            name: self.name,
            console: self.console,
            server: self.server,
            timestamp: self.timestamp,
            received: self.received,
            raw: self.raw,
        }
    }
}
