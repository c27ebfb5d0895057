use crate::span::Span;
use crate::word::Word;
use serde::Deserialize;
use serde_json::value::RawValue;
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
}

/// Every spelling has its own field, since two of them at once would be an error for a derived reader.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "Result", alias = "result", borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(rename = "ResultString", alias = "resultString", borrow, default)]
    text: Option<Word<'a>>,
    #[serde(rename = "StringResult", borrow, default)]
    older_text: Option<Word<'a>>,
    #[serde(rename = "BufferResultString", borrow, default)]
    buffered_text: Option<Word<'a>>,
    #[serde(rename = "Exception", alias = "exception", borrow, default)]
    exception: Option<&'a RawValue>,
    #[serde(rename = "Command", alias = "command", borrow, default)]
    command: Option<&'a RawValue>,
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
        match serde_json::from_str(data) {
            Ok(Word::Text(text)) => Self {
                text: Some(Text::of(frame, text)),
                ..Self::default()
            },
            _ => Self {
                result: (data != "null").then(|| Span::within(frame, data)),
                ..Self::default()
            },
        }
    }

    /// Reads `data` if it is an object as servers send it.
    pub(crate) fn of_object(frame: &str, data: &str) -> Result<Self, serde_json::Error> {
        let data: Data<'_> = serde_json::from_str(data)?;
        let span = |value: Option<&RawValue>| value.map(|value| Span::within(frame, value.get()));
        let texts = [data.text, data.older_text, data.buffered_text];
        let text = texts.into_iter().flatten().find_map(Word::into_text);
        Ok(Self {
            result: span(data.result),
            text: text.map(|text| Text::of(frame, text)),
            exception: span(data.exception),
            command: span(data.command),
        })
    }

    /// The JSON of `Result`.
    pub(crate) fn result<'a>(&self, frame: &'a str) -> Option<&'a str> {
        self.result.map(|span| span.of(frame))
    }

    /// The first of the texts that servers call by three names.
    pub(crate) fn text<'a>(&'a self, frame: &'a str) -> Option<&'a str> {
        match self.text.as_ref()? {
            Text::AsSent(span) => Some(span.of(frame)),
            Text::Unescaped(text) => Some(text),
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
    fn of(frame: &str, text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(part) => Self::AsSent(Span::within(frame, part)),
            Cow::Owned(text) => Self::Unescaped(text.into()),
        }
    }
}
