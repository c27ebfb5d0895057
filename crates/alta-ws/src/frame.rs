//! Frames from the server: their kinds and their fields.

mod event;
mod request;
#[cfg(test)]
mod tests;

use alta_model::json;
pub(crate) use event::Frame;
pub use event::{Event, RawContent};
pub use request::Response;
pub(crate) use request::{BatchOf, Content, Request};
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// A frame from the server, which is one JSON object.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming<'a> {
    /// It is not one JSON object, or has none of the fields that determine its kind.
    Malformed(MayBe<'a>),
    Gateway {
        message: Cow<'a, str>,
    },
    Response {
        id: Option<u32>,
        key: Cow<'a, str>,
        status: u16,
        content: &'a str,
    },
    Event {
        event: Cow<'a, str>,
        key: Cow<'a, str>,
        content: &'a str,
    },
}

/// The possible kind of a frame that is not one JSON object, by the fields before the syntax error.
#[derive(Debug, PartialEq)]
pub(crate) enum MayBe<'a> {
    /// A reply, or an error of the gateway.
    NoEvent,
    /// An event; of any topic if the key is not readable.
    Event {
        event: Cow<'a, str>,
        key: Option<Cow<'a, str>>,
    },
    /// The syntax error precedes the fields that determine the kind.
    Anything,
}

/// The fields of a frame as JSON, so that a field of another type does not lose the frame. Of a repeated field, the first value
/// that is not null counts. Names are not case sensitive.
#[derive(Default)]
struct Wire<'a> {
    id: Option<&'a RawValue>,
    event: Option<&'a RawValue>,
    key: Option<&'a RawValue>,
    content: Option<&'a RawValue>,
    response_code: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    connection_id: Option<&'a RawValue>,
}

impl<'a> Wire<'a> {
    /// Reads a JSON object into the fields. After an error, the fields before it are set.
    fn fill(&mut self, text: &'a str) -> Result<(), serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        reader.deserialize_map(self)?;
        reader.end()
    }

    fn field(&mut self, name: &str) -> Option<&mut Option<&'a RawValue>> {
        let fields = [
            ("id", &mut self.id),
            ("event", &mut self.event),
            ("key", &mut self.key),
            ("content", &mut self.content),
            ("responseCode", &mut self.response_code),
            ("message", &mut self.message),
            ("connectionId", &mut self.connection_id),
        ];
        let mut named = fields
            .into_iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, field)| field)
    }

    fn is_response(event: &str) -> bool {
        event.eq_ignore_ascii_case("response")
    }

    fn into_incoming(self) -> Incoming<'a> {
        let content = self.content.map_or("", RawValue::get);
        let key = self.key.map(read_text).unwrap_or_default();
        match self.event.map(read_text) {
            Some(event) if self.connection_id.is_none() => {
                if Self::is_response(&event) {
                    Incoming::Response {
                        id: self.id.and_then(read_number),
                        key,
                        status: self.response_code.and_then(read_number).unwrap_or_default(),
                        content,
                    }
                } else {
                    Incoming::Event {
                        event,
                        key,
                        content,
                    }
                }
            }
            None if self.message.is_none() && self.connection_id.is_none() => {
                Incoming::Malformed(MayBe::Anything)
            }
            _ => Incoming::Gateway {
                message: self.message.map(read_text).unwrap_or_default(),
            },
        }
    }

    fn into_may_be(self) -> MayBe<'a> {
        match (self.event.map(read_text), self.key.map(read_text)) {
            _ if self.connection_id.is_some() => MayBe::NoEvent,
            (Some(event), _) if Self::is_response(&event) => MayBe::NoEvent,
            (Some(event), key) => MayBe::Event { event, key },
            (None, _) => MayBe::Anything,
        }
    }
}

impl<'de> Visitor<'de> for &mut Wire<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            let Some(field) = self.field(&read_text(name)) else {
                continue;
            };
            if field.is_none() && value.get() != "null" {
                *field = Some(value);
            }
        }
        Ok(())
    }
}

/// Splits an event in its usual form, which all samples of events have, into name, key and content. The full reader reads any
/// other form, and returns the same parts for this one.
pub(crate) fn usual_event(text: &str) -> Option<(&str, &str, &str)> {
    let rest = text.strip_prefix(r#"{"id":0,"event":""#)?;
    let (event, rest) = rest.split_once('"')?;
    let rest = rest.strip_prefix(r#","key":""#)?;
    let (key, rest) = rest.split_once('"')?;
    let content = rest.strip_prefix(r#","content":"#)?;
    let content = content.strip_suffix(r#","responseCode":200}"#)?;
    let usual = is_plain(event) && is_plain(key) && !Wire::is_response(event) && is_string(content);
    usual.then_some((event, key, content))
}

/// Returns whether a JSON string contains `it` without escapes.
fn is_plain(text: &str) -> bool {
    !text.bytes().any(|byte| byte == b'\\' || byte < b' ')
}

/// Returns whether it is one JSON string, with nothing before or after it.
fn is_string(json: &str) -> bool {
    has_short_escapes_only(json)
        || json.starts_with('"')
            && json.ends_with('"')
            && serde_json::from_str::<IgnoredAny>(json).is_ok()
}

/// Returns whether it is a JSON string whose escapes have one letter, as JSON in a string usually has. It compares each
/// pair of bytes without a branch, which compilers vectorize: this is several times as fast as decoding the string.
#[allow(
    clippy::needless_bitwise_bool,
    reason = "a branch would not be vectorized"
)]
fn has_short_escapes_only(json: &str) -> bool {
    let [text @ .., b'"'] = json.as_bytes() else {
        return false;
    };
    let [b'"', rest @ ..] = text else {
        return false;
    };
    let mut odd = rest.last() == Some(&b'\\');
    for (before, byte) in text.iter().zip(rest) {
        let quote = *byte == b'"';
        let letter = (*byte == b'n') | (*byte == b'r') | (*byte == b't') | (*byte == b'/');
        let escaped = *before == b'\\';
        odd |= (*byte < b' ') | (escaped != (quote | (escaped & letter)));
    }
    !odd
}

impl<'a> Incoming<'a> {
    /// Reads a frame of the main websocket.
    pub(crate) fn parse(text: &'a str) -> Self {
        match usual_event(text) {
            Some((event, key, content)) => Incoming::Event {
                event: event.into(),
                key: key.into(),
                content,
            },
            None => Self::parse_any(text),
        }
    }

    /// Reads a frame of any form with the full reader.
    fn parse_any(text: &'a str) -> Self {
        let mut wire = Wire::default();
        match wire.fill(text) {
            Ok(()) => wire.into_incoming(),
            Err(_) => Incoming::Malformed(wire.into_may_be()),
        }
    }

    /// The results of the fast and of the full reader, if the fast one can read the frame.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn both_ways(text: &'a str) -> Option<(Self, Self)> {
        let (event, key, content) = usual_event(text)?;
        let (event, key) = (event.into(), key.into());
        let short = Incoming::Event {
            event,
            key,
            content,
        };
        Some((short, Self::parse_any(text)))
    }
}

/// The string; any other value as JSON.
fn read_text(value: &RawValue) -> Cow<'_, str> {
    let text = value.get();
    if !text.starts_with('"') {
        return text.into();
    }
    match serde_json::from_str::<&str>(text) {
        Ok(text) => text.into(),
        // It contains escapes.
        Err(_) => json::from_str::<String>(text).unwrap_or_default().into(),
    }
}

fn read_number<N: FromStr>(value: &RawValue) -> Option<N> {
    json::whole_number(value.get())
}

/// The position of a part within its frame.
pub(crate) fn range_within(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    match start.checked_add(part.len()) {
        Some(end) if end <= text.len() => start..end,
        // An absent content is not a part of the frame.
        _ => 0..0,
    }
}
