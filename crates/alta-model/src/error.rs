use crate::SaveStringProblem;

crate::error_type! {
    /// A string could not be read as one of this crate's types.
    pub struct Error(ErrorKind, ());
}

/// The type that could not be read from a string.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An id: a decimal number with an optional sign. The string names the kind of id.
    #[error("not a {0}")]
    Id(&'static str),
    /// A point in time in ISO 8601.
    #[error("not a timestamp")]
    Timestamp,
    /// A .NET time span, `[-][days.]hh:mm:ss[.fraction]`.
    #[error("not a time span")]
    TimeSpan,
    /// Three numbers, `x,y,z`.
    #[error("not a vector")]
    Vector3,
    /// A save string, or a value that it cannot have.
    #[error("not a valid save string: {0}")]
    SaveString(SaveStringProblem),
}

impl Error {
    /// The error for this string. It shows only the first 64 characters, because a server may send a string of any length.
    pub(crate) fn of(kind: ErrorKind, text: &str) -> Self {
        let end = text
            .char_indices()
            .nth(64)
            .map_or(text.len(), |(end, _)| end);
        Self::new(kind, format!("reading {:?}", &text[..end]))
    }
}
