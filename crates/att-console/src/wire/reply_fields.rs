use crate::wire::fields::{each_field, keep_first};
use crate::wire::scalar::Scalar;
use crate::wire::span::Span;
use alta_model::console::result::Exception;
use alta_model::json::each_compact_field;
use std::borrow::Cow;

/// The positions of a reply's fields in its frame. The caller of the command decodes them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplyFields {
    result: Option<Span>,
    text: Option<Text>,
    exception: Option<Span>,
    command: Option<Span>,
}

#[derive(Debug, PartialEq, Eq)]
enum Text {
    AsSent(Span),
    Unescaped(Box<str>),
    /// An object or an array where a string is expected.
    Unreadable(Span),
}

impl ReplyFields {
    /// Reads `data`, a part of the frame. An object has the fields; a string is the `ResultString`; null is no result; any other
    /// value is the result.
    pub(crate) fn of(frame: &str, data: &str) -> Self {
        if data.starts_with('{')
            && let Ok(fields) = Self::of_object(frame, data)
        {
            return fields;
        }
        if data.starts_with('"') {
            return Self {
                text: Some(Text::of(frame, data)),
                ..Self::default()
            };
        }
        Self {
            result: (data != "null").then(|| Span::within(frame, data)),
            ..Self::default()
        }
    }

    /// Reads `data` if it is a JSON object. Field names match in any case; null counts as missing.
    pub(crate) fn of_object(frame: &str, data: &str) -> Result<Self, serde_json::Error> {
        let mut fields = Fields::default();
        if each_compact_field(data, |name, value| fields.take(name, value)).is_none() {
            fields = Fields::default();
            each_field(data, |name, value| fields.take(name, value))?;
        }
        Ok(fields.read(frame))
    }

    /// The JSON of `Result`.
    pub(crate) fn result<'a>(&self, frame: &'a str) -> Option<&'a str> {
        self.result.map(|span| span.of(frame))
    }

    /// `ResultString`, under any of its three names.
    pub(crate) fn text<'a>(&'a self, frame: &'a str) -> Option<&'a str> {
        self.text.as_ref()?.get(frame)
    }

    /// The JSON of a `ResultString` that is an object or an array.
    pub(crate) fn unreadable_text<'a>(&self, frame: &'a str) -> Option<&'a str> {
        match self.text {
            Some(Text::Unreadable(span)) => Some(span.of(frame)),
            _ => None,
        }
    }

    /// The JSON of `Exception`, or else of `Error`.
    pub(crate) fn exception<'a>(&self, frame: &'a str) -> Option<&'a str> {
        self.exception.map(|span| span.of(frame))
    }

    /// The JSON of `Command`.
    pub(crate) fn command<'a>(&self, frame: &'a str) -> Option<&'a str> {
        self.command.map(|span| span.of(frame))
    }
}

/// The JSON of a reply's fields.
#[derive(Default)]
struct Fields<'a> {
    result: Option<&'a str>,
    /// The string has had three names.
    texts: [Option<&'a str>; 3],
    exception: Option<&'a str>,
    error: Option<&'a str>,
    command: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn take(&mut self, name: &str, value: &'a str) {
        let kept = match name {
            name if name.eq_ignore_ascii_case("Result") => &mut self.result,
            name if name.eq_ignore_ascii_case("ResultString") => &mut self.texts[0],
            name if name.eq_ignore_ascii_case("StringResult") => &mut self.texts[1],
            name if name.eq_ignore_ascii_case("BufferResultString") => &mut self.texts[2],
            name if name.eq_ignore_ascii_case("Exception") => &mut self.exception,
            name if name.eq_ignore_ascii_case("Command") => &mut self.command,
            name if name.eq_ignore_ascii_case("Error") => &mut self.error,
            _ => return,
        };
        keep_first(kept, value);
    }

    fn read(self, frame: &str) -> ReplyFields {
        let span = |value: Option<&str>| value.map(|value| Span::within(frame, value));
        ReplyFields {
            result: span(self.result),
            text: Text::best(frame, self.texts.into_iter().flatten()),
            exception: span(self.exception.or(self.error.filter(|json| is_error(json)))),
            command: span(self.command),
        }
    }
}

/// Returns whether this is an empty string, array or object.
pub(crate) fn is_empty(json: &str) -> bool {
    let inner = json.strip_prefix(['"', '[', '{']);
    let inner = inner.and_then(|inner| inner.strip_suffix(['"', ']', '}']));
    inner.is_some_and(|inner| inner.trim().is_empty())
}

/// Returns whether the value of `Error` is an error. A server can always send the field and leave it empty, false or zero.
fn is_error(json: &str) -> bool {
    !is_empty(json) && !matches!(json, "false" | "0")
}

impl Text {
    fn of(frame: &str, json: &str) -> Self {
        match Scalar::of(json) {
            Scalar::String(Cow::Borrowed(part)) => Self::AsSent(Span::within(frame, part)),
            Scalar::String(Cow::Owned(text)) => Self::Unescaped(text.into()),
            // The text of a number or a bool is its JSON.
            _ if json.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '-') => {
                Self::AsSent(Span::within(frame, json))
            }
            _ => Self::Unreadable(Span::within(frame, json)),
        }
    }

    /// Chooses one of several strings: the first that is an exception, else the first that can be read, else the first.
    fn best<'a>(frame: &str, texts: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut texts = texts.map(|json| Self::of(frame, json));
        let first = texts.next()?;
        let Some(second) = texts.next() else {
            return Some(first);
        };
        [first, second]
            .into_iter()
            .chain(texts)
            .min_by_key(|text| match text.get(frame) {
                Some(text) if Exception::parse(text).is_some() => 0,
                Some(_) => 1,
                None => 2,
            })
    }

    fn get<'a>(&'a self, frame: &'a str) -> Option<&'a str> {
        match self {
            Self::AsSent(span) => Some(span.of(frame)),
            Self::Unescaped(text) => Some(text),
            Self::Unreadable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => r#""[a-z äE."]{0,80}""#.prop_map(|text| format!("\"{}\"", text.replace('"', ""))),
            1 => Just(r#""a\"b""#.to_owned()),
            2 => (-90_i32..90).prop_map(|number| format!("{number}")),
            1 => Just("1e3".to_owned()),
            2 => Just("null".to_owned()),
            1 => Just(r#"{"a":[1,true,"x"]}"#.to_owned()),
            1 => Just("[ 1 ]".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn a_compact_reply_is_read_as_any_other(
            fields in prop::collection::vec(("(Result|resultstring|StringResult|Exception|Error|Command|Other)", value()), 0..6),
            tail in "(|}| |x)",
        ) {
            let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            let data = format!("{{{}}}{tail}", fields.join(","));
            let (mut quick, mut any) = (Fields::default(), Fields::default());
            if each_compact_field(&data, |name, value| quick.take(name, value)).is_some() {
                each_field(&data, |name, value| any.take(name, value)).unwrap();
                prop_assert_eq!(quick.read(&data), any.read(&data));
            }
        }
    }
}
