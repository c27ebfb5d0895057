use crate::fields::{each_field, keep_first};
use crate::span::Span;
use crate::word::Word;
use alta_model::console::result::Exception;
use std::borrow::Cow;

/// Where in its frame the parts of an answer stand. Their own JSON is read by whoever wants it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    result: Option<Span>,
    text: Option<Text>,
    exception: Option<Span>,
    command: Option<Span>,
}

#[derive(Debug, PartialEq, Eq)]
enum Text {
    AsSent(Span),
    Unescaped(Box<str>),
    /// It is no text: an object, an array.
    Unreadable(Span),
}

impl Answer {
    /// Reads `data`, the JSON that stands in the frame's text: an object, a text (then it is the result's), anything else
    /// (then it is the result), or null.
    pub(crate) fn of(frame: &str, data: &str) -> Self {
        if data.starts_with('{')
            && let Ok(answer) = Self::of_object(frame, data)
        {
            return answer;
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

    /// Reads `data` if it is a JSON object. Names count whatever their case; a null is no value.
    pub(crate) fn of_object(frame: &str, data: &str) -> Result<Self, serde_json::Error> {
        let [mut result, mut exception, mut command] = [None; 3];
        // The text has had three names.
        let mut texts = [None; 3];
        each_field(data, |name, value| {
            let kept = match name {
                name if name.eq_ignore_ascii_case("Result") => &mut result,
                name if name.eq_ignore_ascii_case("ResultString") => &mut texts[0],
                name if name.eq_ignore_ascii_case("StringResult") => &mut texts[1],
                name if name.eq_ignore_ascii_case("BufferResultString") => &mut texts[2],
                name if name.eq_ignore_ascii_case("Exception") => &mut exception,
                name if name.eq_ignore_ascii_case("Command") => &mut command,
                _ => return,
            };
            keep_first(kept, value);
        })?;
        let span = |value: Option<&str>| value.map(|value| Span::within(frame, value));
        Ok(Self {
            result: span(result),
            text: Text::most_telling(frame, texts.into_iter().flatten()),
            exception: span(exception),
            command: span(command),
        })
    }

    /// The JSON of `Result`.
    pub(crate) fn result<'a>(&self, frame: &'a str) -> Option<&'a str> {
        self.result.map(|span| span.of(frame))
    }

    /// The text that servers call by three names.
    pub(crate) fn text<'a>(&'a self, frame: &'a str) -> Option<&'a str> {
        self.text.as_ref()?.get(frame)
    }

    /// The JSON that stands where a text should.
    pub(crate) fn unreadable_text<'a>(&self, frame: &'a str) -> Option<&'a str> {
        match self.text {
            Some(Text::Unreadable(span)) => Some(span.of(frame)),
            _ => None,
        }
    }

    /// The JSON of `Exception`.
    pub(crate) fn exception<'a>(&self, frame: &'a str) -> Option<&'a str> {
        self.exception.map(|span| span.of(frame))
    }

    /// The JSON of `Command`.
    pub(crate) fn command<'a>(&self, frame: &'a str) -> Option<&'a str> {
        self.command.map(|span| span.of(frame))
    }
}

impl Text {
    fn of(frame: &str, json: &str) -> Self {
        match Word::of(json) {
            Word::Text(Cow::Borrowed(part)) => Self::AsSent(Span::within(frame, part)),
            Word::Text(Cow::Owned(text)) => Self::Unescaped(text.into()),
            // A number or a truth value is as good as its text.
            _ if json.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '-') => {
                Self::AsSent(Span::within(frame, json))
            }
            _ => Self::Unreadable(Span::within(frame, json)),
        }
    }

    /// The first of several texts; one that tells of a failure before one that does not, and one that can be read before one
    /// that cannot.
    fn most_telling<'a>(frame: &str, texts: impl Iterator<Item = &'a str>) -> Option<Self> {
        texts
            .map(|json| Self::of(frame, json))
            .min_by_key(|text| match text.get(frame) {
                Some(text) if Exception::from_text(text).is_some() => 0,
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
