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
mod tests;
