use std::borrow::Cow;
use std::fmt;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error of starting or driving the simulator.
pub struct Error {
    kind: ErrorKind,
    doing: Cow<'static, str>,
    /// Shown in place of the general description of the kind.
    detail: Option<Cow<'static, str>>,
    source: Option<BoxError>,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A port could not be opened.
    Listen,
    /// A certificate could not be made.
    Certificate,
    /// No group, server, player or item has this id or name.
    NotFound,
    /// An argument is not valid, such as a path whose times go backward.
    Invalid,
    /// The present state of the world does not allow it, for example because the server is offline.
    NotPossible,
    /// A file could not be written.
    File,
    /// The condition of a wait did not hold within the timeout.
    TimedOut,
    /// The simulator was started outside a tokio runtime.
    NoRuntime,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, doing: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            doing: doing.into(),
            detail: None,
            source: None,
        }
    }

    pub(crate) fn because(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let general = match self.kind {
            ErrorKind::Listen => "the port could not be opened",
            ErrorKind::Certificate => "the certificate could not be made",
            ErrorKind::NotFound => "it does not exist",
            ErrorKind::Invalid => "an argument is not valid",
            ErrorKind::NotPossible => "not possible in the present state of the world",
            ErrorKind::File => "the file could not be written",
            ErrorKind::TimedOut => "the wait timed out",
            ErrorKind::NoRuntime => "no tokio runtime is running",
        };
        let what = self.detail.as_deref().unwrap_or(general);
        write!(f, "{}: {what}", self.doing)
    }
}

impl fmt::Debug for Error {
    /// Formats the message and its sources in one line, since this is the output for an error that `main` returns. `{:#?}`
    /// shows the fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return f
                .debug_struct("Error")
                .field("kind", &self.kind)
                .field("doing", &self.doing)
                .field("detail", &self.detail)
                .field("source", &self.source)
                .finish();
        }
        write!(f, "{self}")?;
        let mut causes =
            std::iter::successors(std::error::Error::source(self), |&cause| cause.source());
        causes.try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
