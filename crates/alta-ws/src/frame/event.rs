use crate::topic::Topic;
use alta_model::{Timestamp, json};
use alta_socket::{Footprint, RawFrame};
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::ops::Range;
use std::time::Instant;

/// One event, with its content decoded as `T`.
///
/// Its JSON form, for a log, has the fields `received`, `topic` and `data`. Fields that `T` lacks are only in
/// [`raw`](Self::raw).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<T> {
    /// The content of the frame.
    pub data: T,
    /// The topic.
    pub topic: Topic,
    pub(crate) received: Timestamp,
    pub(crate) raw: RawFrame,
}

impl<T> Event<T> {
    /// The time at which it was received.
    pub fn received(&self) -> Timestamp {
        self.received
    }

    /// The whole frame, for fields that `T` lacks. Its `content` is a JSON string that contains JSON.
    pub fn raw(&self) -> &RawFrame {
        &self.raw
    }

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

/// An event for the streams. The stream that reads it decodes it.
#[derive(Clone, Debug)]
pub struct Frame {
    pub(crate) topic: Topic,
    pub(crate) raw: RawFrame,
    pub(crate) received: Instant,
    /// The position of the content, as JSON, in the frame. `None` if the frame is not one JSON object.
    pub(crate) content: Option<Range<usize>>,
}

impl Footprint for Frame {
    fn footprint(&self) -> usize {
        size_of::<Self>() + self.raw.as_str().len()
    }
}

impl Frame {
    /// The content. Fails if the frame is not one JSON object.
    pub(crate) fn content(&self) -> Result<RawContent<'_>, serde_json::Error> {
        let content = self.content_as_sent();
        let content =
            content.ok_or_else(|| serde_json::Error::custom("it is not a JSON object"))?;
        Ok(RawContent(content))
    }

    /// The JSON of the content.
    pub(crate) fn content_as_sent(&self) -> Option<&str> {
        self.raw.as_str().get(self.content.clone()?)
    }
}

/// The content of a frame as the server sent it: usually a JSON string that contains JSON; any other JSON value is accepted.
#[derive(Clone, Copy, Debug)]
pub struct RawContent<'a>(&'a str);

impl<'a> RawContent<'a> {
    /// The content of a frame, which is one JSON value.
    pub fn new(json: &'a str) -> Self {
        Self(json)
    }

    /// The content as a string; a value that is not a string is returned as JSON.
    ///
    /// # Errors
    ///
    /// Fails if the content is an invalid JSON string.
    pub fn text(self) -> Result<Cow<'a, str>, serde_json::Error> {
        if self.0.starts_with('"') {
            json::from_str(self.0).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(self.0))
        }
    }

    /// Decodes the content: the JSON in its string, or the value itself if it is not a string.
    ///
    /// # Errors
    ///
    /// Fails if that is not JSON or not a `T`.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        match json::from_compact_in_string(self.0) {
            Some(value) => Ok(value),
            None => json::from_str(&self.text()?),
        }
    }
}
