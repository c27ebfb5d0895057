use crate::error::{Error, ErrorKind};
use crate::topic::Topic;
use alta_model::{Redactor, Timestamp, json};
use alta_socket::{Footprint, RawFrame};
use http::Method;
use serde::de::{DeserializeOwned, Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

/// One event as the server sent it, its content read as `T`.
///
/// As JSON, for a log: `received`, `topic`, and `data`. Fields that `T` does not have are not in it; [`raw`](Self::raw) has all of
/// them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<T> {
    /// The content of the frame.
    pub data: T,
    /// The topic.
    pub topic: Topic,
    /// When it was received here.
    pub received: Timestamp,
    /// The whole frame, for fields that the content's type doesn't have. Its `content` is JSON within a text.
    pub raw: RawFrame,
}

impl<T> Event<T> {
    /// The same event with other data.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Event<U> {
        Event {
            data: change(self.data),
            topic: self.topic,
            received: self.received,
            raw: self.raw,
        }
    }
}

impl<T: Serialize> Serialize for Event<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 3)?;
        event.serialize_field("received", &self.received)?;
        event.serialize_field("topic", &self.topic.to_string())?;
        event.serialize_field("data", &self.data)?;
        event.end()
    }
}

/// The server's reply to a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The status, an HTTP one.
    pub status: u16,
    /// The content, which is JSON or empty.
    pub content: String,
    /// The whole frame.
    pub raw: RawFrame,
    pub(crate) redactor: Redactor,
}

impl Response {
    /// Reads the content.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if it is not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::from_str(&self.content).map_err(|error| {
            Error::new(ErrorKind::Decode, "reading an answer's content")
                .caused_by_any(self.redactor.cause(error))
        })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// An event for the streams: it is decoded when a stream reads it.
#[derive(Clone, Debug)]
pub struct Frame {
    pub(crate) topic: Topic,
    pub(crate) raw: RawFrame,
    pub(crate) received: Instant,
    /// Where in the frame the content stands, as JSON. `None` if the frame is no whole JSON object.
    pub(crate) content: Option<Range<usize>>,
}

impl Footprint for Frame {
    fn footprint(&self) -> usize {
        size_of::<Self>() + self.raw.as_str().len()
    }
}

impl Frame {
    /// The content's JSON text, unpacked from the text it is wrapped in.
    pub(crate) fn content(&self) -> Result<Cow<'_, str>, serde_json::Error> {
        let content = self.content_as_sent();
        unwrap_content(
            content.ok_or_else(|| serde_json::Error::custom("it is no whole JSON object"))?,
        )
    }

    /// The content as it stands in the frame.
    pub(crate) fn content_as_sent(&self) -> Option<&str> {
        self.raw.as_str().get(self.content.clone()?)
    }
}

/// A frame from the server, which is one JSON object.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming<'a> {
    /// It is no JSON object, or says nothing.
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

/// The possible meaning of a text that is no JSON object, by the fields before the mistake.
#[derive(Debug, PartialEq)]
pub(crate) enum MayBe<'a> {
    /// It is a reply, or an error of the gateway.
    NoEvent,
    /// Where the key cannot be read, of any topic.
    Event {
        event: Cow<'a, str>,
        key: Option<Cow<'a, str>>,
    },
    /// The mistake comes before anything that tells.
    Anything,
}

/// The fields of a frame, each as it stands: none of them is worth losing a frame over if its type is another one. Of a field
/// that comes twice, the first value that is not null. Names count whatever their case.
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
    /// Reads a JSON object into the fields; after an error, those before the mistake are there.
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

/// Reads the frame that the service sends most, in the one way in which it writes it (every sample of an event looks like
/// this): event, key, and content. Anything else goes the long way, which reads these to the same parts.
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

/// Whether it stands in a JSON string as it is.
fn is_plain(text: &str) -> bool {
    !text.bytes().any(|byte| byte == b'\\' || byte < b' ')
}

/// Whether it is one JSON string, with nothing around it.
fn is_string(json: &str) -> bool {
    has_short_escapes_only(json)
        || json.starts_with('"')
            && json.ends_with('"')
            && serde_json::from_str::<IgnoredAny>(json).is_ok()
}

/// Whether it is a JSON string that holds no escapes but those that JSON within JSON usually has. Compares every pair of bytes
/// without a branch, which compilers vectorize: this is several times as fast as reading the string.
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
    /// Tells the frames of the main socket apart.
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

    /// Reads any frame, usual ones too.
    fn parse_any(text: &'a str) -> Self {
        let mut wire = Wire::default();
        match wire.fill(text) {
            Ok(()) => wire.into_incoming(),
            Err(_) => Incoming::Malformed(wire.into_may_be()),
        }
    }

    /// A text read the short way, if that can read it, and the long way.
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

/// A text, or another value as it is written.
fn read_text(value: &RawValue) -> Cow<'_, str> {
    let text = value.get();
    if !text.starts_with('"') {
        return text.into();
    }
    match serde_json::from_str::<&str>(text) {
        Ok(text) => text.into(),
        // It holds escapes.
        Err(_) => json::from_str::<String>(text).unwrap_or_default().into(),
    }
}

fn read_number<N: FromStr>(value: &RawValue) -> Option<N> {
    json::whole_number(value.get())
}

/// The text of a content, which is one JSON value: usually a string that holds JSON. Another value stands for itself.
pub(crate) fn unwrap_content(content: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    if !content.starts_with('"') {
        return Ok(Cow::Borrowed(content));
    }
    match unescape(&content[1..]) {
        Some(text) => Ok(Cow::Owned(text)),
        None => json::from_str(content).map(Cow::Owned),
    }
}

/// A JSON text up to its closing quote, if it has the short escapes only, as JSON within JSON usually has.
fn unescape(json: &str) -> Option<String> {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    loop {
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let at = rest.as_bytes().iter().position(special)?;
        text.push_str(&rest[..at]);
        let escaped = match rest.as_bytes()[at] {
            b'"' => return Some(text),
            b'\\' => rest.as_bytes().get(at + 1)?,
            _ => return None,
        };
        text.push(match escaped {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            _ => return None,
        });
        rest = &rest[at + 2..];
    }
}

/// Where in a frame one of its parts stands.
pub(crate) fn range_within(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    match start.checked_add(part.len()) {
        Some(end) if end <= text.len() => start..end,
        // Not a part of it: an absent content.
        _ => 0..0,
    }
}

/// A request, without the token that is sent with it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Without a leading slash.
    pub(crate) path: Arc<str>,
    pub(crate) content: Option<Content>,
}

/// The content of a request.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// JSON wrapped in a text, as the service does it itself.
    Text(Arc<str>),
    /// JSON as it is, which is how Townsharp's sample of a batch has it.
    Batch(Arc<[BatchOf]>),
}

/// Subscriptions to one event for several keys.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BatchOf {
    pub(crate) event: String,
    pub(crate) keys: Vec<String>,
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Content::Text(text) => serializer.serialize_str(text),
            Content::Batch(batch) => serializer.collect_seq(&**batch),
        }
    }
}

/// The content of a migration is a token of its own.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({})", self.doing())
    }
}

#[derive(Serialize)]
struct WireRequest<'a> {
    id: u32,
    method: &'a str,
    path: &'a str,
    authorization: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a Content>,
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<Arc<str>>) -> Self {
        Self {
            method,
            path: path.into(),
            content: None,
        }
    }

    /// Whether this is the `key` of a reply to it: `POST /ws/migrate`.
    pub(crate) fn is_answered_by(&self, key: &str) -> bool {
        key.split_once(" /ws/").is_some_and(|(method, path)| {
            method.eq_ignore_ascii_case(self.method.as_str())
                && path.eq_ignore_ascii_case(&self.path)
        })
    }

    /// The operation that an error names.
    pub(crate) fn doing(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The frame to send. It holds the token.
    pub(crate) fn frame(&self, id: u32, token: &str) -> Result<String, serde_json::Error> {
        serde_json::to_string(&WireRequest {
            id,
            method: self.method.as_str(),
            path: &self.path,
            authorization: &format!("Bearer {token}"),
            content: self.content.as_ref(),
        })
    }
}

#[cfg(test)]
mod tests;
