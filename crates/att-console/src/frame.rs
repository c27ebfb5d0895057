use crate::answer::Answer;
use crate::name::EventName;
use crate::span::Span;
use crate::word::Word;
use alta_model::Timestamp;
use alta_socket::RawFrame;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::sync::Arc;
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The answer to the token, and notices.
    System {
        level: Option<EventName>,
    },
    Event(EventName),
    /// Read in full, since only that shows whether it is JSON. A `Reply` is made of what was found.
    Answer {
        id: Option<u32>,
        answer: Arc<Answer>,
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
        let parts = match usual_frame(text) {
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

    /// A text read the short way, if that can read it, and the long way.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn both_ways(text: &str) -> Option<(Self, Result<Self, Malformed>)> {
        let of = |parts| Self::of(parts, text.into(), SystemTime::UNIX_EPOCH);
        Some((of(usual_frame(text)?), any_frame(text).map(of)))
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

/// Reads the frames that servers send most, in the one way in which they write them (every recorded one looks like
/// this). Anything else goes the long way.
fn usual_frame(text: &str) -> Option<Parts> {
    let rest = text.strip_prefix(r#"{"type":""#)?;
    let (kind, rest) = rest.split_once('"')?;
    let rest = rest.strip_prefix(r#","timeStamp":""#)?;
    let (time, rest) = rest.split_once('"')?;
    if !is_plain(time) {
        return None;
    }
    let (kind, data) = match kind {
        "Subscription" => usual_event(rest)?,
        "CommandResult" => usual_answer(text, rest)?,
        _ => return None,
    };
    Some((kind, Span::within(text, data), Span::within(text, time)))
}

/// Looks at the beginning alone: whether the rest is JSON, its readers will see.
fn usual_event(rest: &str) -> Option<(Kind, &str)> {
    let rest = rest.strip_prefix(r#","eventType":""#)?;
    let (name, rest) = rest.split_once('"')?;
    let data = rest.strip_prefix(r#","data":"#)?;
    let is_usual = is_plain(name) && data.ends_with('}');
    is_usual.then(|| (Kind::Event(EventName::from(name)), data))
}

/// The id is read from the end: what stands between is `data` only if it is one JSON object.
fn usual_answer<'a>(text: &str, rest: &'a str) -> Option<(Kind, &'a str)> {
    let rest = rest.strip_prefix(r#","data":"#)?.strip_suffix('}')?;
    let (data, id) = rest.rsplit_once(',')?;
    let id = id.strip_prefix(r#""commandId":"#)?;
    let is_usual = data.starts_with('{') && is_number(id);
    let answer = is_usual.then(|| Answer::of_object(text, data))?.ok()?;
    let kind = Kind::Answer {
        id: id.parse().ok(),
        answer: Arc::new(answer),
    };
    Some((kind, data))
}

/// Whether it stands in a JSON text as it is.
fn is_plain(text: &str) -> bool {
    !text.bytes().any(|byte| byte == b'\\' || byte < b' ')
}

/// Whether JSON takes it for a whole number: without leading zeros, and not beyond its range.
fn is_number(digits: &str) -> bool {
    let is_padded = digits.len() > 1 && digits.starts_with('0');
    let is_short = (1..20).contains(&digits.len());
    is_short && !is_padded && digits.bytes().all(|digit| digit.is_ascii_digit())
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
            answer: Arc::new(Answer::of(
                text,
                envelope.data.map_or("null", RawValue::get),
            )),
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
            let kind = |frame: &Frame| match &frame.kind {
                Kind::Answer { id, .. } => Err(*id),
                other => Ok(other.clone()),
            };
            assert_eq!(kind(&frame(word)), kind(&frame(number)));
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
            assert!(matches!(frame.kind, Kind::Answer { id: Some(7), .. }));
        }
        for id in ["-7", "7.5", "[7]", "null", "99999999999"] {
            let frame = read(&format!(r#"{{"type":2,"data":{{}},"commandId":{id}}}"#)).unwrap();
            assert!(matches!(frame.kind, Kind::Answer { id: None, .. }));
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
            assert!(usual_frame(usual).is_some() && usual_frame(unusual).is_none());
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

    #[test]
    fn a_usual_answer_and_its_like_are_read_the_same() {
        let answer = |data: &str, id: &str| {
            format!(
                r#"{{"type":"CommandResult","timeStamp":"2024-08-03T04:08:51.5Z","data":{data},"commandId":{id}}}"#
            )
        };
        for data in [
            r#"{"Result":{"a":[1,"}"]},"ResultString":"Success","Command":{"x":null}}"#,
            r#"{"ResultString":"a \"b\"","StringResult":"c"}"#,
            r#"{"Exception":{"ClassName":"X"}} "#,
            r#"{"commandId":3}"#,
            "{}",
        ] {
            for id in ["7", "0", "99999999999"] {
                let text = answer(data, id);
                let (short, long) = Frame::both_ways(&text).unwrap();
                let long = long.unwrap();
                assert_eq!(short.kind, long.kind, "{text}");
                assert_eq!(short.data().trim(), long.data().trim());
                assert_eq!(short.timestamp(), long.timestamp());
            }
        }
    }

    #[test]
    fn an_answer_that_only_seems_usual_goes_the_long_way() {
        let begins = r#"{"type":"CommandResult","timeStamp":"","data":{"Result":1}"#;
        for (rest, id) in [
            (r#","x":2,"commandId":7}"#, Some(7)),
            (r#","x":{"y":2,"commandId":7}}"#, None),
            (r#","commandId":"7"}"#, Some(7)),
            (r#","commandId":7 }"#, Some(7)),
        ] {
            let text = format!("{begins}{rest}");
            assert!(usual_frame(&text).is_none(), "{text}");
            let frame = read(&text).unwrap();
            assert!(
                matches!(frame.kind, Kind::Answer { id: found, .. } if found == id),
                "{frame:?}"
            );
            assert_eq!(frame.data(), r#"{"Result":1}"#);
        }
        for rest in [
            "",
            r#","commandId":07}"#,
            r#","commandId":}"#,
            r#","commandId":3,"commandId":7}"#,
            r#"x,"commandId":7}"#,
        ] {
            let text = format!("{begins}{rest}");
            assert_eq!(read(&text).unwrap_err(), Malformed::NotAFrame, "{text}");
        }
        let endless = format!(r#"{begins},"commandId":1{}}}"#, "0".repeat(400));
        assert_eq!(read(&endless).unwrap_err(), Malformed::NotAFrame);
        let two_lines = begins.replace(r#""timeStamp":""#, "\"timeStamp\":\"\n");
        let text = format!(r#"{two_lines},"commandId":7}}"#);
        assert_eq!(read(&text).unwrap_err(), Malformed::NotAFrame);
    }

    proptest! {
        #[test]
        fn the_short_way_never_reads_what_the_long_way_does_not(
            data in r#"\{("(Result|ResultString|Exception|x)":("[a}\\"]{0,3}"|1|\{\}|null),?){0,3}\}?.?"#,
            id in r#"(,"commandId":[0-9]{0,3}0{0,20}(0{300})?){1,2}"#,
            time in r#"[2\\n\n\t "]{0,2}"#,
        ) {
            let text = format!(r#"{{"type":"CommandResult","timeStamp":"{time}","data":{data}{id}}}"#);
            if let Some((short, long)) = Frame::both_ways(&text) {
                prop_assert_eq!(Ok(short.kind), long.map(|long| long.kind));
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*", json in r#"\{"type":[0-3],"(data|commandId)":.{0,20}\}"#) {
            let _ = read(&text).map(|frame| (frame.data().len(), frame.timestamp()));
            let _ = read(&json).map(|frame| (frame.data().len(), frame.timestamp()));
        }
    }
}
