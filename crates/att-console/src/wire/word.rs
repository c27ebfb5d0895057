use alta_model::json::{self, whole_number};
use std::borrow::Cow;

/// A JSON value that is a word or a number, whichever of them a server writes it as.
pub(crate) enum Word<'a> {
    Number(u32),
    Text(Cow<'a, str>),
    /// Neither.
    Else,
}

impl<'a> Word<'a> {
    /// Reads one JSON value.
    pub(crate) fn of(value: &'a str) -> Self {
        let Some(quoted) = value.strip_prefix('"') else {
            return whole_number(value).map_or(Self::Else, Self::Number);
        };
        match quoted.strip_suffix('"') {
            Some(plain) if !plain.contains('\\') => Self::Text(plain.into()),
            _ => json::from_str(value).map_or(Self::Else, |text: String| Self::Text(text.into())),
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => whole_number(text),
            Self::Else => None,
        }
    }
}
