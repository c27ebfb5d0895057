use alta_model::json::{self, whole_number};
use std::borrow::Cow;

/// A string or an integer. Servers write some fields as either.
pub(crate) enum Scalar<'a> {
    Integer(u32),
    String(Cow<'a, str>),
    /// Any other JSON value.
    Other,
}

impl<'a> Scalar<'a> {
    /// Reads one JSON value.
    pub(crate) fn of(value: &'a str) -> Self {
        let Some(quoted) = value.strip_prefix('"') else {
            return whole_number(value).map_or(Self::Other, Self::Integer);
        };
        match quoted.strip_suffix('"') {
            Some(plain) if !plain.contains('\\') => Self::String(plain.into()),
            _ => json::from_str(value)
                .map_or(Self::Other, |string: String| Self::String(string.into())),
        }
    }

    pub(crate) fn string(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    /// The integer, which a string can contain, too.
    pub(crate) fn integer(&self) -> Option<u32> {
        match self {
            Self::Integer(integer) => Some(*integer),
            Self::String(string) => whole_number(string),
            Self::Other => None,
        }
    }
}
