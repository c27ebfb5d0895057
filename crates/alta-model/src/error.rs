use std::{error::Error as StdError, fmt};

use crate::chain;

/// Why a text could not be read as one of this crate's types.
pub struct Error {
    kind: ErrorKind,
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What was being read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An id: a decimal number, optionally signed. The text names the kind of id.
    Id(&'static str),
    /// A point in time in ISO 8601.
    Timestamp,
    /// A .NET time span, `[-][days.]hh:mm:ss[.fraction]`.
    TimeSpan,
    /// Three numbers, `x,y,z`.
    Vector3,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: &str) -> Self {
        Self {
            kind,
            // Enough to recognise it; the text may be anything a server sent.
            text: text.chars().take(64).collect(),
            source: None,
        }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What was being read.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match self.kind {
            ErrorKind::Id(name) => write!(f, "{text:?} is not a {name}"),
            ErrorKind::Timestamp => write!(f, "{text:?} is not a point in time"),
            ErrorKind::TimeSpan => write!(f, "{text:?} is not a time span"),
            ErrorKind::Vector3 => write!(f, "{text:?} is not a vector"),
        }
    }
}

impl fmt::Debug for Error {
    /// The message and its causes in one line: what is seen of an error that `main` returns. `{:#?}` shows the fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return f
                .debug_struct("Error")
                .field("kind", &self.kind)
                .field("text", &self.text)
                .field("source", &self.source)
                .finish();
        }
        fmt::Display::fmt(&chain(self), f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
