use std::fmt;

/// The reason why the program ended early.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or the configuration is wrong.
    Usage,
    /// A file or the output could not be read or written.
    File,
    /// The simulator could not start.
    Start,
}

impl Error {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// `doing` names the file: `reading town.toml`.
    pub(super) fn file(doing: impl fmt::Display, source: &std::io::Error) -> Self {
        Self::new(ErrorKind::File, format!("{doing}: {source}"))
    }

    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        let kind = match error.kind() {
            crate::ErrorKind::File => ErrorKind::File,
            crate::ErrorKind::Invalid | crate::ErrorKind::Certificate => ErrorKind::Usage,
            _ => ErrorKind::Start,
        };
        // The debug form has the sources.
        Self::new(kind, format!("{error:?}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
