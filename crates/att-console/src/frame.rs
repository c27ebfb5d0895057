use crate::name::EventName;
use alta_model::Timestamp;
use alta_socket::RawFrame;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;
use std::time::SystemTime;

/// One frame of a console, read just far enough to know who it is for. The rest is read by whoever wants it, from the
/// shared text.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) raw: RawFrame,
    pub(crate) kind: Kind,
    /// Where in the text `data` stands; empty if there is none.
    data: Range<usize>,
    time: Range<usize>,
    pub(crate) received: SystemTime,
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
    Other(String),
}

/// Why a text is not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("it is not a JSON object with a type")]
    NotAFrame,
    #[error("it is an event without a name")]
    Nameless,
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
#[derive(Deserialize)]
#[serde(untagged)]
enum Word<'a> {
    Number(u64),
    Text(#[serde(borrow)] Cow<'a, str>),
    Else(serde::de::IgnoredAny),
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
            Word::Else(_) => None,
        }
    }
}

impl Frame {
    /// Reads the envelope of a text frame.
    pub(crate) fn read(raw: RawFrame, received: SystemTime) -> Result<Self, Malformed> {
        let text = raw.as_str();
        let envelope: Envelope<'_> =
            serde_json::from_str(text).map_err(|_| Malformed::NotAFrame)?;
        let kind = envelope.kind.as_ref().ok_or(Malformed::NotAFrame)?;
        let event = || {
            envelope
                .event
                .as_ref()
                .and_then(Word::text)
                .map(EventName::from)
        };
        let kind = match (kind.text(), kind.number()) {
            (Some("SystemMessage"), _) | (_, Some(0)) => Kind::System { level: event() },
            (Some("Subscription"), _) | (_, Some(1)) => {
                Kind::Event(event().ok_or(Malformed::Nameless)?)
            }
            (Some("CommandResult"), _) | (_, Some(2)) => Kind::Answer {
                id: envelope.id.as_ref().and_then(Word::number),
            },
            (Some(other), _) => Kind::Other(other.to_owned()),
            _ => return Err(Malformed::NotAFrame),
        };
        let (data, time) = (span(text, envelope.data), span(text, envelope.time));
        Ok(Self {
            raw,
            kind,
            data,
            time,
            received,
        })
    }

    /// The JSON of `data`; `null` if there is none.
    pub(crate) fn data(&self) -> &str {
        let data = &self.raw.as_str()[self.data.clone()];
        if data.is_empty() { "null" } else { data }
    }

    /// `data`, if it is a text.
    pub(crate) fn text(&self) -> Option<String> {
        serde_json::from_str(self.data()).ok()
    }

    /// The server's time on the frame.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        serde_json::from_str(&self.raw.as_str()[self.time.clone()]).ok()
    }
}

/// Where in `text` a value that was borrowed from it stands.
fn span(text: &str, value: Option<&RawValue>) -> Range<usize> {
    let Some(value) = value else { return 0..0 };
    let start = value.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + value.get().len()
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
        assert_eq!(other.kind, Kind::Other("FatalLog".to_owned()));
        assert_eq!(other.text().as_deref(), Some("Invalid Token"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*", json in r#"\{"type":[0-3],"(data|commandId)":.{0,20}\}"#) {
            let _ = read(&text).map(|frame| (frame.data().len(), frame.timestamp()));
            let _ = read(&json).map(|frame| (frame.data().len(), frame.timestamp()));
        }
    }
}
