use crate::wire::event_name::EventName;
use crate::wire::frame::{Frame, Kind};
use crate::wire::span::Span;
use alta_model::{ServerId, Timestamp};
use alta_socket::RawFrame;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::sync::Arc;
use std::time::SystemTime;

/// An event of a game server.
///
/// It serializes to `time` (the server's), `received`, `console`, `server`, `name`, and `data`. Fields that `T` lacks are
/// missing there; a stream of [`Value`](serde_json::Value)s ([`Console::subscribe_to`](crate::Console::subscribe_to)) and
/// [`raw`](Self::raw) have all of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<T> {
    /// The typed data of the event.
    pub data: T,
    /// The event's name.
    pub name: EventName,
    /// The [label](crate::Console::label) of the console that received it.
    pub console: Arc<str>,
    /// The server's id; `None` for a self-hosted server, which has no id.
    pub server: Option<ServerId>,
    raw: RawFrame,
    received: SystemTime,
    /// The position of the server's time in the frame.
    time: Span,
    is_own: bool,
}

impl<T> Event<T> {
    pub(crate) fn new(data: T, console: Arc<str>, server: Option<ServerId>, frame: Frame) -> Self {
        let name = match frame.kind {
            Kind::Event(name) => name,
            // Not reached: only events are in the queue of a stream.
            _ => EventName::from(""),
        };
        Self {
            data,
            name,
            console,
            server,
            raw: frame.raw,
            received: frame.received,
            time: frame.time,
            is_own: frame.is_own,
        }
    }

    /// The server's time of the frame; `None` if it is missing or invalid.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.time.of(self.raw.as_str()).parse().ok()
    }

    /// The time at which this program received it.
    pub fn received(&self) -> Timestamp {
        self.received.into()
    }

    /// The whole frame as it was received, with the fields that `T` lacks.
    pub fn raw(&self) -> &RawFrame {
        &self.raw
    }

    /// Returns whether it is a [`CommandExecuted`](crate::event::CommandExecuted) of a command that this console has sent.
    /// Streams omit such events by default; see [`Subscribe::with_own_commands`](crate::Subscribe::with_own_commands).
    pub fn is_own(&self) -> bool {
        self.is_own
    }

    /// Converts the data.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Event<U> {
        Event {
            data: change(self.data),
            name: self.name,
            console: self.console,
            server: self.server,
            raw: self.raw,
            received: self.received,
            time: self.time,
            is_own: self.is_own,
        }
    }
}

impl<T: Serialize> Serialize for Event<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(time) = self.timestamp() {
            map.serialize_entry("time", &time)?;
        }
        map.serialize_entry("received", &self.received())?;
        map.serialize_entry("console", &*self.console)?;
        if let Some(server) = self.server {
            map.serialize_entry("server", &server)?;
        }
        map.serialize_entry("name", self.name.as_str())?;
        map.serialize_entry("data", &self.data)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::any_event::AnyEvent;

    #[test]
    fn an_event_serializes_to_a_line_of_a_log() {
        let text = r#"{"type":"Subscription","timeStamp":"2026-11-28T10:00:01.5Z","eventType":"PlayerLeft","data":{"user":{"id":1200000001,"username":"Ashwick"},"mood":"good"}}"#;
        let event = |time: &str, server| {
            let text = text.replace("2026-11-28T10:00:01.5Z", time);
            let frame = Frame::read(text.as_str().into(), SystemTime::UNIX_EPOCH).unwrap();
            let name = EventName::from("PlayerLeft");
            let data = AnyEvent::read(&name, &frame).unwrap();
            Event::new(data, "Thornwood".into(), server, frame)
        };
        let line = |event: &Event<AnyEvent>| serde_json::to_value(event).unwrap();
        let full = line(&event("2026-11-28T10:00:01.5Z", Some(ServerId::new(7))));
        let received = Timestamp::from(SystemTime::UNIX_EPOCH);
        assert_eq!(
            full,
            serde_json::json!({
                "time": "2026-11-28T10:00:01.5Z",
                "received": received,
                "console": "Thornwood",
                "server": 7,
                "name": "PlayerLeft",
                "data": {"user": {"id": 1_200_000_001, "username": "Ashwick"}},
            })
        );
        let bare = line(&event("", None));
        assert_eq!((bare.get("time"), bare.get("server")), (None, None));
        let whole = event("", None).map(|_| serde_json::Value::Null);
        assert!(whole.raw().as_str().contains("mood"));
    }
}
