use crate::wire::event_name::EventName;
use crate::wire::fields::{each_field, keep_first};
use crate::wire::reply_fields::ReplyFields;
use crate::wire::scalar::Scalar;
use crate::wire::span::Span;
use alta_model::Timestamp;
use alta_model::json::{self, CompactScan};
use alta_socket::{Footprint, RawFrame, objects};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::Arc;
use std::time::SystemTime;

/// A frame of a console. Reading it finds only its kind and the positions of its parts; the task that needs a part decodes it
/// from the shared text.
#[derive(Clone, Debug)]
pub struct Frame {
    pub(crate) raw: RawFrame,
    pub(crate) kind: Kind,
    pub(crate) received: SystemTime,
    /// The event is a `CommandExecuted` of a command that this console has sent.
    pub(crate) is_own: bool,
    data: Span,
    /// The position of the server's time.
    pub(crate) time: Span,
}

/// The kind of a frame, the position of its data, and the position of its time.
type Parts = (Kind, Span, Span);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The reply to the token, or a notice.
    System {
        level: Option<EventName>,
    },
    Event(EventName),
    /// A command's reply. Its fields are found here, because the check that it is JSON reads all of it anyway.
    Reply {
        id: Option<u32>,
        fields: Arc<ReplyFields>,
    },
    /// Another type, such as the `FatalLog` of a refusal.
    Other(Box<str>),
    /// The rest of a message after its last whole object, or an object that is not JSON. It can be a lost event.
    Malformed,
}

/// The reason why a string is not a frame.
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
    /// Reads a message and calls `each` for every frame in it, in order. A message usually contains one JSON object; some
    /// servers put several into one message, and each of them is a frame.
    pub(crate) fn read_each(
        raw: RawFrame,
        received: SystemTime,
        mut each: impl FnMut(Result<Self, Malformed>),
    ) {
        let text = raw.as_str();
        if let Some(parts) = usual_frame(text) {
            return each(Ok(Self::of(parts, raw, received)));
        }
        let unreadable = |text: &str| {
            Self::of(
                (Kind::Malformed, Span::default(), Span::default()),
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
                        // A copy: a kept frame must not keep the memory of the others.
                        let raw = if is_all { raw.clone() } else { object.into() };
                        Ok(Self::of(parts, raw, received))
                    }
                    Err(Malformed::NotAnObject) => Ok(unreadable(object)),
                    Err(malformed) => Err(malformed),
                },
                Err(rest) if count > 1 || rest.contains('{') => Ok(unreadable(rest)),
                Err(_) => Err(Malformed::NotAnObject),
            });
        }
        if count == 0 {
            each(Err(Malformed::NotAnObject));
        }
    }

    /// Reads a message of one object.
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

    /// Reads a message by the fast reader and by the full reader. `None` if the fast reader does not accept it.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn by_both_readers(text: &str) -> Option<(Self, Result<Self, Malformed>)> {
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

    /// Decodes `data`.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        json::from_str(self.data())
    }

    /// `data`, if it is a string.
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

/// The fast reader: reads events and replies in the form of every recorded sample. Returns `None` for any other form. For the
/// frames that it accepts, [`any_frame`] returns the same parts.
fn usual_frame(text: &str) -> Option<Parts> {
    usual_event(text).or_else(|| usual_reply(text))
}

/// Reads an event. Its last field is `data`, an object.
fn usual_event(text: &str) -> Option<Parts> {
    let mut scan = CompactScan::of(text);
    let at = after(text, 0, r#"{"type":"Subscription","timeStamp":"#)?;
    let time = scan.plain_string(at)?;
    let at = after(text, at + time.len() + 2, r#","eventType":"#)?;
    let name = scan.plain_string(at)?;
    let at = after(text, at + name.len() + 2, r#","data":"#)?;
    let data = Span::within(text, text.get(at..)?.strip_suffix('}')?);
    is_object(text, data, &scan).then(|| {
        let kind = Kind::Event(EventName::from(name));
        (kind, data, Span::within(text, time))
    })
}

/// Returns the position after a part that begins at `at`.
fn after(text: &str, at: usize, part: &str) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    rest.starts_with(part.as_bytes()).then(|| at + part.len())
}

/// Reads a reply. The id is found from the end; the JSON before it must be one object, which is `data`.
fn usual_reply(text: &str) -> Option<Parts> {
    let at = after(text, 0, r#"{"type":"CommandResult","timeStamp":"#)?;
    let time = CompactScan::of(text).plain_string(at)?;
    let at = after(text, at + time.len() + 2, r#","data":"#)?;
    let rest = text.get(at..)?.strip_suffix('}')?;
    let (data, id) = rest.rsplit_once(',')?;
    let id = id.strip_prefix(r#""commandId":"#)?;
    let is_usual = is_enclosed(data) && is_number(id);
    let fields = is_usual.then(|| ReplyFields::of_object(text, data))?.ok()?;
    let kind = Kind::Reply {
        id: id.parse().ok(),
        fields: Arc::new(fields),
    };
    Some((kind, Span::within(text, data), Span::within(text, time)))
}

/// Returns whether the part is exactly one JSON object.
fn is_object(text: &str, part: Span, scan: &CompactScan<'_>) -> bool {
    if scan.end_of_object(part.start()) == Some(part.end()) {
        return true;
    }
    let json = part.of(text);
    is_enclosed(json) && serde_json::from_str::<IgnoredAny>(json).is_ok()
}

fn is_enclosed(json: &str) -> bool {
    json.starts_with('{') && json.ends_with('}')
}

/// Returns whether this is a JSON integer: digits without a leading zero.
fn is_number(digits: &str) -> bool {
    let is_padded = digits.len() > 1 && digits.starts_with('0');
    !digits.is_empty() && !is_padded && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// The full reader: reads any object. Field names match in any case. Of a repeated field, the first value other than null
/// counts.
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
    let kind = kind.map(Scalar::of).ok_or(Malformed::NoType)?;
    let event = || {
        let scalar = Scalar::of(event?);
        scalar.string().map(EventName::from)
    };
    let is = |name: &str, number: u32| {
        let is_named = kind
            .string()
            .is_some_and(|text| text.eq_ignore_ascii_case(name));
        is_named || kind.integer() == Some(number)
    };
    let kind = if is("SystemMessage", 0) {
        Kind::System { level: event() }
    } else if is("Subscription", 1) {
        Kind::Event(event().ok_or(Malformed::Nameless)?)
    } else if is("CommandResult", 2) {
        Kind::Reply {
            id: id.map(Scalar::of).as_ref().and_then(Scalar::integer),
            fields: Arc::new(ReplyFields::of(text, data.unwrap_or("null"))),
        }
    } else {
        Kind::Other(kind.string().ok_or(Malformed::NoType)?.into())
    };
    let span =
        |part: Option<&str>| part.map_or_else(Span::default, |part| Span::within(text, part));
    Ok((kind, span(data), span(time).without_quotes()))
}

#[cfg(test)]
mod tests;
