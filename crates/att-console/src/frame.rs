use crate::name::EventName;
use alta_model::Timestamp;
use alta_socket::RawFrame;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

/// One frame of a console, read just far enough to know who it is for. The rest is read by whoever wants it, from the
/// shared text.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) raw: RawFrame,
    pub(crate) kind: Kind,
    pub(crate) received: SystemTime,
    data: Span,
    time: Span,
}

/// What a frame is, where its data stands, and its time.
type Parts = (Kind, Span, Span);

/// Where in the text a value stands; empty if there is none. Frames are far smaller than 4 GiB.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The answer to the token, and notices.
    System {
        level: Option<EventName>,
    },
    Event(EventName),
    Answer {
        id: Option<u32>,
    },
    /// A type that is none of the three, such as the `FatalLog` of a refusal.
    Other(Box<str>),
}

/// Why a text is not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("it is not a JSON object with a type")]
    NotAFrame,
    #[error("it is an event without a name")]
    Nameless,
}

impl Frame {
    /// Reads the envelope of a text frame.
    pub(crate) fn read(raw: RawFrame, received: SystemTime) -> Result<Self, Malformed> {
        let text = raw.as_str();
        let parts = match usual_event(text) {
            Some(usual) => usual,
            None => any_frame(text)?,
        };
        Ok(Self::of(parts, raw, received))
    }

    fn of((kind, data, time): Parts, raw: RawFrame, received: SystemTime) -> Self {
        Self {
            raw,
            kind,
            received,
            data,
            time,
        }
    }

    /// A text read the short way and the long way, if both can read it.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn both_ways(text: &str) -> Option<[Self; 2]> {
        let ways = [usual_event(text)?, any_frame(text).ok()?];
        Some(ways.map(|parts| Self::of(parts, text.into(), SystemTime::UNIX_EPOCH)))
    }

    /// The JSON of `data`; `null` if there is none. Of an event, whatever follows in the frame may follow here.
    pub(crate) fn data(&self) -> &str {
        match self.data.of(self.raw.as_str()) {
            "" => "null",
            data => data,
        }
    }

    /// `data` as a `T`.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&mut serde_json::Deserializer::from_str(self.data()))
    }

    /// `data`, if it is a text.
    pub(crate) fn text(&self) -> Option<String> {
        self.decode().ok()
    }

    /// The server's time on the frame.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        self.time.of(self.raw.as_str()).parse().ok()
    }
}

/// Reads the frame that servers send most, in the one way in which they write it (every recorded event looks like this),
/// by looking at its beginning alone. Anything else goes the long way.
fn usual_event(text: &str) -> Option<Parts> {
    let rest = text.strip_prefix(r#"{"type":"Subscription","timeStamp":""#)?;
    let (time, rest) = rest.split_once('"')?;
    let rest = rest.strip_prefix(r#","eventType":""#)?;
    let (name, rest) = rest.split_once('"')?;
    let data = rest.strip_prefix(r#","data":"#)?;
    if name.contains('\\') || time.contains('\\') || !data.ends_with('}') {
        return None;
    }
    let kind = Kind::Event(EventName::from(name));
    Some((kind, Span::within(text, data), Span::within(text, time)))
}

fn any_frame(text: &str) -> Result<Parts, Malformed> {
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|_| Malformed::NotAFrame)?;
    let kind = envelope.kind.as_ref().ok_or(Malformed::NotAFrame)?;
    let event = || {
        let name = envelope.event.as_ref().and_then(Word::text);
        name.map(EventName::from)
    };
    let kind = match (kind.text(), kind.number()) {
        (Some("SystemMessage"), _) | (_, Some(0)) => Kind::System { level: event() },
        (Some("Subscription"), _) | (_, Some(1)) => {
            Kind::Event(event().ok_or(Malformed::Nameless)?)
        }
        (Some("CommandResult"), _) | (_, Some(2)) => Kind::Answer {
            id: envelope.id.as_ref().and_then(Word::number),
        },
        (Some(other), _) => Kind::Other(other.into()),
        _ => return Err(Malformed::NotAFrame),
    };
    let span = |value: Option<&RawValue>| {
        value.map_or_else(Span::default, |value| Span::within(text, value.get()))
    };
    let time = span(envelope.time).without_quotes();
    Ok((kind, span(envelope.data), time))
}

impl Span {
    /// Where a part of `text`, borrowed from it, stands in it.
    fn within(text: &str, part: &str) -> Self {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        match (u32::try_from(start), u32::try_from(start + part.len())) {
            (Ok(start), Ok(end)) => Self { start, end },
            _ => Self::default(),
        }
    }

    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    fn without_quotes(self) -> Self {
        if self.end < self.start + 2 {
            return self;
        }
        Self {
            start: self.start + 1,
            end: self.end - 1,
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", alias = "Type", borrow)]
    kind: Option<Word<'a>>,
    #[serde(
        rename = "timeStamp",
        alias = "timestamp",
        alias = "TimeStamp",
        borrow,
        default
    )]
    time: Option<&'a RawValue>,
    #[serde(rename = "eventType", alias = "EventType", borrow, default)]
    event: Option<Word<'a>>,
    #[serde(alias = "Data", borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(rename = "commandId", alias = "CommandId", borrow, default)]
    id: Option<Word<'a>>,
}

/// A word that some servers write as a number, and a number that some write as a word.
enum Word<'a> {
    Number(u64),
    Text(Cow<'a, str>),
    Else,
}

impl Word<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Word::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self) -> Option<u32> {
        match self {
            Word::Number(number) => u32::try_from(*number).ok(),
            Word::Text(text) => text.trim().parse().ok(),
            Word::Else => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Word<'de>, E> {
        Ok(Word::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
        Ok(Word::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
        Ok(Word::Text(text.to_owned().into()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Word<'de>, E> {
        Ok(Word::Else)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Word<'de>, E> {
        Ok(Word::Else)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Word<'de>, E> {
        Ok(Word::Else)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Word<'de>, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Word::Else)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Word<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Word::Else)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Frame, Malformed> {
        Frame::read(text.into(), SystemTime::now())
    }

    #[test]
    fn types_are_read_as_words_and_as_numbers() {
        for (word, number) in [
            ("\"SystemMessage\"", "0"),
            ("\"Subscription\"", "1"),
            ("\"CommandResult\"", "2"),
        ] {
            let frame = |kind| {
                read(&format!(
                    r#"{{"type":{kind},"timeStamp":"2023-07-01T18:23:32Z","eventType":"PlayerJoined","data":[1, "ä"],"commandId":"7"}}"#
                ))
                .unwrap()
            };
            assert_eq!(frame(word).kind, frame(number).kind);
            assert_eq!(frame(number).data(), r#"[1, "ä"]"#);
            assert_eq!(
                frame(number).timestamp().unwrap().to_string(),
                "2023-07-01T18:23:32Z"
            );
        }
    }

    #[test]
    fn an_answers_id_is_read_from_a_number_and_from_digits() {
        for id in ["7", "\"7\"", "\" 7 \""] {
            let frame = read(&format!(r#"{{"type":2,"data":{{}},"commandId":{id}}}"#)).unwrap();
            assert_eq!(frame.kind, Kind::Answer { id: Some(7) });
        }
        for id in ["-7", "7.5", "[7]", "null", "99999999999"] {
            let frame = read(&format!(r#"{{"type":2,"data":{{}},"commandId":{id}}}"#)).unwrap();
            assert_eq!(frame.kind, Kind::Answer { id: None });
        }
    }

    #[test]
    fn what_is_no_frame_is_told() {
        for text in [
            "",
            "ping",
            "[]",
            "{}",
            "null",
            r#"{"type":null}"#,
            r#"{"type":true}"#,
            r#"{"type":1"#,
        ] {
            assert_eq!(read(text).unwrap_err(), Malformed::NotAFrame, "{text}");
        }
        assert_eq!(
            read(r#"{"type":1,"data":{}}"#).unwrap_err(),
            Malformed::Nameless
        );
        let other = read(r#"{"type":"FatalLog","data":"Invalid Token"}"#).unwrap();
        assert_eq!(other.kind, Kind::Other("FatalLog".into()));
        assert_eq!(other.text().as_deref(), Some("Invalid Token"));
    }

    #[test]
    fn the_short_way_and_the_long_way_read_the_same() {
        for (usual, unusual) in [
            (
                r#"{"type":"Subscription","timeStamp":"2024-08-03T04:08:51.5Z","eventType":"PlayerJoined","data":{"a":[1,"}"]}}"#,
                r#"{ "type":"Subscription","timeStamp":"2024-08-03T04:08:51.5Z","eventType":"PlayerJoined","data":{"a":[1,"}"]}}"#,
            ),
            (
                r#"{"type":"Subscription","timeStamp":"","eventType":"X","data":7,"serialized":null}"#,
                r#"{ "type":"Subscription","timeStamp":"","eventType":"X","data":7,"serialized":null}"#,
            ),
        ] {
            assert!(usual_event(usual).is_some() && usual_event(unusual).is_none());
            let (usual, unusual) = (read(usual).unwrap(), read(unusual).unwrap());
            assert_eq!(usual.kind, unusual.kind);
            assert_eq!(usual.timestamp(), unusual.timestamp());
            assert_eq!(
                usual.decode::<serde_json::Value>().unwrap(),
                unusual.decode::<serde_json::Value>().unwrap()
            );
        }
        let escaped =
            r#"{"type":"Subscription","timeStamp":"","eventType":"Player\u004aoined","data":{}}"#;
        assert_eq!(
            read(escaped).unwrap().kind,
            Kind::Event("PlayerJoined".into())
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*", json in r#"\{"type":[0-3],"(data|commandId)":.{0,20}\}"#) {
            let _ = read(&text).map(|frame| (frame.data().len(), frame.timestamp()));
            let _ = read(&json).map(|frame| (frame.data().len(), frame.timestamp()));
        }
    }
}
