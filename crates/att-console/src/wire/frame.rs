use crate::wire::answer::Answer;
use crate::wire::event_name::EventName;
use crate::wire::fields::{each_field, keep_first};
use crate::wire::span::Span;
use crate::wire::word::Word;
use alta_model::{Timestamp, json};
use alta_socket::{Footprint, RawFrame, objects};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::Arc;
use std::time::SystemTime;

/// One frame of a console, read just far enough to know who it is for. The rest is read by whoever wants it, from the
/// shared text.
#[derive(Clone, Debug)]
pub struct Frame {
    pub(crate) raw: RawFrame,
    pub(crate) kind: Kind,
    pub(crate) received: SystemTime,
    /// It tells of a command that this console has sent.
    pub(crate) is_own: bool,
    data: Span,
    /// Where the server's time stands in the text.
    pub(crate) time: Span,
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
    /// What is left of a text when its whole objects are read, or an object that is no JSON: it may have held an event.
    Broken,
}

/// Why a text is not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("it is not a JSON object")]
    NotAnObject,
    #[error("it has no type")]
    NoType,
    #[error("it is an event without a name")]
    Nameless,
}

impl Footprint for Frame {
    fn footprint(&self) -> usize {
        size_of::<Self>() + self.raw.as_str().len()
    }
}

impl Frame {
    /// Reads the text of a frame: it holds one object as a rule, but may hold several, of which each is a frame. Everything
    /// that is found is given to `each`, in order.
    pub(crate) fn read_each(
        raw: RawFrame,
        received: SystemTime,
        mut each: impl FnMut(Result<Self, Malformed>),
    ) {
        let text = raw.as_str();
        if let Some(parts) = usual_frame(text) {
            return each(Ok(Self::of(parts, raw, received)));
        }
        let broken = |text: &str| {
            Self::of(
                (Kind::Broken, Span::default(), Span::default()),
                text.into(),
                received,
            )
        };
        let mut count = 0;
        for piece in objects(text) {
            count += 1;
            each(match piece {
                Ok(object) => match parts(object) {
                    Ok(parts) => {
                        let is_all = object.len() == text.len();
                        // What is kept of one should not keep the others.
                        let raw = if is_all { raw.clone() } else { object.into() };
                        Ok(Self::of(parts, raw, received))
                    }
                    Err(Malformed::NotAnObject) => Ok(broken(object)),
                    Err(malformed) => Err(malformed),
                },
                Err(rest) if count > 1 || rest.contains('{') => Ok(broken(rest)),
                Err(_) => Err(Malformed::NotAnObject),
            });
        }
        if count == 0 {
            each(Err(Malformed::NotAnObject));
        }
    }

    /// Reads the text of a frame that holds one object.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn read(raw: RawFrame, received: SystemTime) -> Result<Self, Malformed> {
        Ok(Self::of(parts(raw.as_str())?, raw, received))
    }

    fn of((kind, data, time): Parts, raw: RawFrame, received: SystemTime) -> Self {
        Self {
            raw,
            kind,
            received,
            is_own: false,
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

    /// The JSON of `data`; `null` if there is none.
    pub(crate) fn data(&self) -> &str {
        match self.data.of(self.raw.as_str()) {
            "" => "null",
            data => data,
        }
    }

    /// `data` as a `T`.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        json::from_str(self.data())
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

/// Reads one object.
fn parts(text: &str) -> Result<Parts, Malformed> {
    usual_frame(text).map_or_else(|| any_frame(text), Ok)
}

/// Reads the frames that servers send most, in the one way in which they write them (every sample looks like
/// this). Anything else goes the long way, which reads these to the same parts.
fn usual_frame(text: &str) -> Option<Parts> {
    usual_event(text).or_else(|| usual_answer(text))
}

/// An event ends with its data, which is an object.
fn usual_event(text: &str) -> Option<Parts> {
    let rest = text.strip_prefix(r#"{"type":"Subscription","timeStamp":""#)?;
    let (time, rest) = plain_string(rest)?;
    let rest = rest.strip_prefix(r#","eventType":""#)?;
    let (name, rest) = plain_string(rest)?;
    let data = rest.strip_prefix(r#","data":"#)?.strip_suffix('}')?;
    let data = Span::within(text, data);
    is_object(text, data).then(|| {
        let kind = Kind::Event(EventName::from(name));
        (kind, data, Span::within(text, time))
    })
}

/// The id is read from the end: what stands between is `data` only if it is one JSON object.
fn usual_answer(text: &str) -> Option<Parts> {
    let rest = text.strip_prefix(r#"{"type":"CommandResult","timeStamp":""#)?;
    let (time, rest) = plain_string(rest)?;
    let rest = rest.strip_prefix(r#","data":"#)?.strip_suffix('}')?;
    let (data, id) = rest.rsplit_once(',')?;
    let id = id.strip_prefix(r#""commandId":"#)?;
    let is_usual = is_enclosed(data) && is_number(id);
    let answer = is_usual.then(|| Answer::of_object(text, data))?.ok()?;
    let kind = Kind::Answer {
        id: id.parse().ok(),
        answer: Arc::new(answer),
    };
    Some((kind, Span::within(text, data), Span::within(text, time)))
}

/// Returns the rest of a JSON string that stands in the text as it is, and what follows its closing quote.
fn plain_string(text: &str) -> Option<(&str, &str)> {
    let odd = |byte| byte == b'"' || byte == b'\\' || byte < b' ';
    let (string, rest) = text.split_at(text.bytes().position(odd)?);
    Some((string, rest.strip_prefix('"')?))
}

/// Whether the part of the text is one JSON object, with nothing around it.
fn is_object(text: &str, part: Span) -> bool {
    if json::end_of_compact_object(text, part.start()) == Some(part.end()) {
        return true;
    }
    let json = part.of(text);
    is_enclosed(json) && serde_json::from_str::<IgnoredAny>(json).is_ok()
}

fn is_enclosed(json: &str) -> bool {
    json.starts_with('{') && json.ends_with('}')
}

/// Whether JSON takes it for a whole number: without leading zeros.
fn is_number(digits: &str) -> bool {
    let is_padded = digits.len() > 1 && digits.starts_with('0');
    !digits.is_empty() && !is_padded && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Reads any object. Names count whatever their case; of a field that comes twice, the first value that is not null.
fn any_frame(text: &str) -> Result<Parts, Malformed> {
    let [mut kind, mut time, mut event, mut data, mut id] = [None; 5];
    each_field(text, |name, value| {
        let kept = match name {
            name if name.eq_ignore_ascii_case("type") => &mut kind,
            name if name.eq_ignore_ascii_case("timeStamp") => &mut time,
            name if name.eq_ignore_ascii_case("eventType") => &mut event,
            name if name.eq_ignore_ascii_case("data") => &mut data,
            name if name.eq_ignore_ascii_case("commandId") => &mut id,
            _ => return,
        };
        keep_first(kept, value);
    })
    .map_err(|_| Malformed::NotAnObject)?;
    let kind = kind.map(Word::of).ok_or(Malformed::NoType)?;
    let event = || {
        let word = Word::of(event?);
        word.text().map(EventName::from)
    };
    let is = |name: &str, number: u32| {
        let is_named = kind
            .text()
            .is_some_and(|text| text.eq_ignore_ascii_case(name));
        is_named || kind.number() == Some(number)
    };
    let kind = if is("SystemMessage", 0) {
        Kind::System { level: event() }
    } else if is("Subscription", 1) {
        Kind::Event(event().ok_or(Malformed::Nameless)?)
    } else if is("CommandResult", 2) {
        Kind::Answer {
            id: id.map(Word::of).as_ref().and_then(Word::number),
            answer: Arc::new(Answer::of(text, data.unwrap_or("null"))),
        }
    } else {
        Kind::Other(kind.text().ok_or(Malformed::NoType)?.into())
    };
    let span =
        |part: Option<&str>| part.map_or_else(Span::default, |part| Span::within(text, part));
    Ok((kind, span(data), span(time).without_quotes()))
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
            ("\"subscription\"", "1.0"),
            ("\"commandresult\"", "\"2\""),
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
        for id in ["7", "\"7\"", "\" 7 \"", "7.0", "\"7.0\""] {
            let frame = read(&format!(r#"{{"type":2,"data":{{}},"commandId":{id}}}"#)).unwrap();
            assert!(matches!(frame.kind, Kind::Answer { id: Some(7), .. }));
        }
        for id in [
            "-7",
            "7.5",
            "[7]",
            "null",
            "99999999999",
            "1e999",
            "\"NaN\"",
        ] {
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
            "null",
            r#"{"type":1"#,
            r#"{"type":1}}"#,
            r#"{"type":1}{"type":1}"#,
        ] {
            assert_eq!(read(text).unwrap_err(), Malformed::NotAnObject, "{text}");
        }
        for text in ["{}", r#"{"type":null}"#, r#"{"type":true}"#] {
            assert_eq!(read(text).unwrap_err(), Malformed::NoType, "{text}");
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
    fn an_odd_field_costs_no_other() {
        let frame = read(
            r#"{"TYPE":1,"eventType":null,"EventType":"PlayerJoined","timeStamp":[1],"data":{"a":1},"commandId":1e999,"\ud83d":"\ud83d"}"#,
        )
        .unwrap();
        assert_eq!(frame.kind, Kind::Event("PlayerJoined".into()));
        assert_eq!((frame.data(), frame.timestamp()), (r#"{"a":1}"#, None));
    }

    #[test]
    fn odd_values_of_an_event_lose_no_event() {
        use alta_model::console::event::{InfoLog, PlayerJoined, PlayerKilled};
        let event = |name: &str, data: &str| {
            read(&format!(
                r#"{{"type":"Subscription","timeStamp":"2026-11-28T10:00:02.5Z","eventType":"{name}","data":{data}}}"#
            ))
            .unwrap()
        };
        for position in ["[null,null,null]", "[]", "[1e999,2,3]", "\"\\ud83d\""] {
            let data = format!(
                r#"{{"user":{{"id":1,"username":"Fox\ud83d"}},"position":{position},"\ude00":1}}"#
            );
            let joined: PlayerJoined = event("PlayerJoined", &data).decode().unwrap();
            assert_eq!(
                (joined.user.username.as_str(), joined.position),
                ("Fox\u{fffd}", None)
            );
        }
        let data = r#"{"killedPlayer":{"id":1},"source":"Impact","killerPlayer":{}}"#;
        let killed: PlayerKilled = event("PlayerKilled", data).decode().unwrap();
        assert_eq!(
            (
                killed.killer_player.as_ref(),
                killed.skipped().to_string().as_str()
            ),
            (None, "killerPlayer")
        );
        let data = r#"{"message":"hello","timeStamp":"9999-12-31T23:59:59.9999999","logger":"L"}"#;
        let log: InfoLog = event("InfoLog", data).decode().unwrap();
        assert_eq!(log.time_stamp, Some(Timestamp::MAX));
    }

    #[test]
    fn a_usual_event_ends_with_its_data_and_nothing_follows() {
        let event = |rest: &str| {
            format!(
                r#"{{"type":"Subscription","timeStamp":"2024-08-03T04:08:51.5Z","eventType":"PlayerJoined","data":{rest}"#
            )
        };
        let usual = event(r#"{"a":[1,"}"]}}"#);
        let (short, long) = Frame::both_ways(&usual).unwrap();
        same(&short, &long.unwrap());
        for rest in [
            r#"{"a":1}}{"type":2}"#,
            r#"{"a":1}} {"a":1}}"#,
            r#"{"a":1}}x}"#,
            r#"{"a":1},"data":{"a":2}}"#,
            r#"{"a":1},"serialized":null}"#,
            r#"{"a":1}"#,
            r#"{"a":}}"#,
            r#"{"a":1} }"#,
            "[1]}",
            "7}",
        ] {
            assert!(usual_frame(&event(rest)).is_none(), "{rest}");
        }
        let escaped =
            r#"{"type":"Subscription","timeStamp":"","eventType":"Player\u004aoined","data":{}}"#;
        assert_eq!(
            read(escaped).unwrap().kind,
            Kind::Event("PlayerJoined".into())
        );
    }

    /// What stands in a text, each part as an event's name, an answer's id, or why it is none.
    fn found(text: &str) -> Vec<Result<String, Malformed>> {
        let mut found = Vec::new();
        Frame::read_each(text.into(), SystemTime::now(), |frame| {
            found.push(frame.map(|frame| match &frame.kind {
                Kind::Event(name) => format!("{name} {}", frame.data()),
                Kind::Answer { id, .. } => format!("{id:?}"),
                Kind::Broken => format!("broken {}", frame.raw.as_str()),
                other => format!("{other:?}"),
            }));
        });
        found
    }

    #[test]
    fn every_object_of_a_text_is_a_frame() {
        let event = r#"{"type":"Subscription","timeStamp":"","eventType":"PlayerJoined","data":{"a":"}{"}}"#;
        let odd_event = r#"{"type":1,"eventType":"PlayerJoined","data":{"a":"}{"}}"#;
        let answer = r#"{"type":"CommandResult","timeStamp":"","data":{"Result":1},"commandId":7}"#;
        let (joined, seven) = (
            || Ok(r#"PlayerJoined {"a":"}{"}"#.to_owned()),
            || Ok("Some(7)".to_owned()),
        );
        for event in [event, odd_event] {
            for between in ["", " ", "\r\n", "\0"] {
                let text = [event, answer, event].join(between);
                assert_eq!(found(&text), [joined(), seven(), joined()], "{text}");
            }
        }
        for (rest, told) in [
            ("rubbish", "rubbish"),
            (",", ","),
            ("]", "]"),
            (&event[..40], &event[..40]),
            (&answer[..answer.len() - 1], &answer[..answer.len() - 1]),
        ] {
            let told = Ok(format!("broken {told}"));
            assert_eq!(found(&format!("{event}{rest}")), [joined(), told.clone()]);
            assert_eq!(found(&format!("{answer} {rest}")), [seven(), told]);
        }
        let broken = r#"{"type":1,"eventType":"PlayerJoined","data":{"a":}}"#;
        let told = Ok(format!("broken {broken}"));
        assert_eq!(
            found(&format!("{broken}{answer}")),
            [told.clone(), seven()],
            "what follows one that is broken is read"
        );
        assert_eq!(found(broken), [told]);
        assert_eq!(
            found(&format!("{answer}{{}}")),
            [seven(), Err(Malformed::NoType)]
        );
        for text in ["", " ", "ping", "[1, 2]"] {
            assert_eq!(found(text), [Err(Malformed::NotAnObject)], "{text}");
        }
        for text in [format!("[{event},{answer}]"), format!("rubbish{event}")] {
            let told = Ok(format!("broken {text}"));
            assert_eq!(found(&text), [told], "events may be in it");
        }
    }

    #[test]
    fn a_frame_out_of_several_holds_itself_alone() {
        let one = r#"{"type":1,"eventType":"PlayerJoined","data":{}}"#;
        Frame::read_each(
            format!("{one}{one}").as_str().into(),
            SystemTime::now(),
            |frame| {
                assert_eq!(frame.unwrap().raw.as_str(), one);
            },
        );
    }

    fn same(short: &Frame, long: &Frame) {
        assert_eq!(short.kind, long.kind);
        assert_eq!(short.data(), long.data());
        assert_eq!(short.timestamp(), long.timestamp());
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
            r#"{"Exception":{"ClassName":"X"}}"#,
            r#"{"exception":5,"Exception":{"ClassName":"X"},"RESULT":null,"result":7}"#,
            r#"{"ResultString":"Fox\ud83d","StringResult":7}"#,
            r#"{"commandId":3}"#,
            "{}",
        ] {
            for id in ["7", "0", "99999999999"] {
                let text = answer(data, id);
                let (short, long) = Frame::both_ways(&text).unwrap();
                same(&short, &long.unwrap());
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
            (r#","commandId":3,"commandId":7}"#, Some(3)),
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
            r#"x,"commandId":7}"#,
        ] {
            let text = format!("{begins}{rest}");
            assert_eq!(read(&text).unwrap_err(), Malformed::NotAnObject, "{text}");
        }
        let endless = format!(r#"{begins},"commandId":1{}}}"#, "0".repeat(400));
        let (short, long) = Frame::both_ways(&endless).unwrap();
        same(&short, &long.unwrap());
        let two_lines = begins.replace(r#""timeStamp":""#, "\"timeStamp\":\"\n");
        let text = format!(r#"{two_lines},"commandId":7}}"#);
        assert_eq!(read(&text).unwrap_err(), Malformed::NotAnObject);
    }

    proptest! {
        #[test]
        fn both_ways_read_any_answer_the_same(
            data in r#"\{("(Result|ResultString|Exception|EXCEPTION|x)":("[a}\\"]{0,3}"|"\\ud83d"|1|\{\}|null),?){0,3}\}?.?"#,
            id in r#"(,"commandId":[0-9]{0,3}0{0,20}(0{300})?){1,2}"#,
            time in r#"[2\\n\n\t "]{0,2}"#,
            follows in r#"(\}|\{\}| |x|,"data":null\})?"#,
        ) {
            let text = format!(r#"{{"type":"CommandResult","timeStamp":"{time}","data":{data}{id}}}{follows}"#);
            if let Some((short, long)) = Frame::both_ways(&text) {
                same(&short, &long.unwrap());
            }
        }

        #[test]
        fn both_ways_read_any_event_the_same(
            name in r#"(PlayerJoined|x\\u0041|é|\t|")?"#,
            data in r#"(\{("[ab}{]{0,2}":("[a}{\\"]{0,3}"|"\\ud83d"|01|1e999|\{\}|\[\{\}\]|null),?){0,3}\}?|[0-9]{0,2}|"\}").?"#,
            time in r#"[2\\n\n\t "]{0,2}"#,
            follows in r#"(\}|\{\}| |x|,"data":null\}|\}\{"type":1\})?"#,
        ) {
            let text = format!(r#"{{"type":"Subscription","timeStamp":"{time}","eventType":"{name}","data":{data}}}{follows}"#);
            if let Some((short, long)) = Frame::both_ways(&text) {
                same(&short, &long.unwrap());
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*", json in r#"\{"type":[0-3],"(data|commandId)":.{0,20}\}"#) {
            let _ = read(&text).map(|frame| (frame.data().len(), frame.timestamp()));
            let _ = read(&json).map(|frame| (frame.data().len(), frame.timestamp()));
        }
    }
}
