use std::{borrow::Cow, error, fmt, sync::Arc, time::Duration};

use alta_model::{chain, escaped};

/// Why no token could be had.
///
/// It is cheap to clone: everybody who waited for one failed login gets the same error.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    doing: Cow<'static, str>,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn error::Error + Send + Sync>>,
}

/// What can be done about an [`Error`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The credentials or the token are refused, for good: asking again with the same ones is useless.
    #[error("refused")]
    Refused,
    /// The service asks for a pause; [`Error::retry_after`] may say how long.
    #[error("too many requests")]
    RateLimited,
    /// The service failed (status 500 and above).
    #[error("the service failed")]
    Server,
    /// The service was not reached, or the exchange broke off.
    #[error("the service was not reached")]
    Transport,
    /// The service did not answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// What was given cannot be used, whatever the server thinks of it.
    #[error("not usable")]
    InvalidInput,
    /// The answer is not what the account service sends: perhaps the address is that of something else.
    #[error("the answer could not be understood")]
    UnexpectedAnswer,
}

impl Error {
    /// An error of a [`TokenSource`](crate::TokenSource): its kind, and what was being done, in a few words.
    pub fn new(kind: ErrorKind, doing: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            doing: doing.into(),
            status: None,
            code: None,
            message: None,
            retry_after: None,
            source: None,
        }))
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        self.with(|inner| inner.source = Some(source.into().into()))
    }

    /// Adds a sentence for people, the server's or a source's own.
    #[must_use]
    pub fn with_message(self, message: impl Into<String>) -> Self {
        self.with(|inner| inner.message = Some(message.into()))
    }

    /// Adds what the server's answer says.
    #[cfg(feature = "login")]
    pub(crate) fn with_answer(
        self,
        status: u16,
        code: Option<String>,
        message: Option<String>,
        retry_after: Option<Duration>,
    ) -> Self {
        self.with(|inner| {
            inner.status = Some(status);
            inner.code = code;
            inner.message = message;
            inner.retry_after = retry_after;
        })
    }

    /// Adds a pause after which another attempt makes sense.
    #[must_use]
    pub fn with_retry_after(self, pause: Duration) -> Self {
        self.with(|inner| inner.retry_after = Some(pause))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// What can be done about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's word for programs: OAuth's `error` (`invalid_client`, `invalid_scope`, `invalid_grant`) or the
    /// REST API's `error_code` (`InvalidLoginCredentials`, `ExpiredToken`).
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The server's words for people.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The pause that the server asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same request may succeed later: everything but a refusal and an answer that makes no sense.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::RateLimited | ErrorKind::Server | ErrorKind::Transport | ErrorKind::TimedOut
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            doing,
            status,
            code,
            message,
            retry_after,
            ..
        } = &*self.0;
        write!(f, "{}: {kind}", escaped(doing))?;
        if let Some(status) = status {
            write!(f, " with status {status}")?;
        }
        match (code, message) {
            (Some(code), Some(message)) => write!(f, ": {} ({})", escaped(message), escaped(code))?,
            (Some(text), None) | (None, Some(text)) => write!(f, ": {}", escaped(text))?,
            (None, None) => {}
        }
        match retry_after {
            Some(pause) => write!(f, "; not to be tried again for {pause:?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    /// The message and its causes in one line: what is seen of an error that `main` returns. `{:#?}` shows the fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return fmt::Debug::fmt(&*self.0, f);
        }
        fmt::Display::fmt(&chain(self), f)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn the_message_is_one_level_and_the_cause_is_the_source() {
        let error = Error::new(ErrorKind::Transport, "logging in")
            .with_source(std::io::Error::other("no route"));
        assert_eq!(error.to_string(), "logging in: the service was not reached");
        assert_eq!(error.source().unwrap().to_string(), "no route");
        assert!(error.clone().is_transient());
    }

    #[test]
    fn what_is_added_to_a_clone_is_the_clones_alone() {
        let error = Error::new(ErrorKind::Server, "logging in")
            .with_source(std::io::Error::other("no route"));
        let other = error.clone().with_message("later");
        assert_eq!((error.message(), other.message()), (None, Some("later")));
        assert_eq!(other.source().unwrap().to_string(), "no route");
    }

    #[test]
    fn a_refusal_is_final() {
        let error = Error::new(ErrorKind::Refused, "reading a token").with_message("it is empty");
        assert!(!error.is_transient());
        assert_eq!(error.to_string(), "reading a token: refused: it is empty");
    }
}
