use alta_model::error_type::{ErrorDetails, Fields};
use std::fmt;
use std::time::Duration;

alta_model::error_type! {
    /// No token could be obtained.
    ///
    /// It is cheap to clone: all callers that wait for one failed login get the same error.
    pub struct Error(ErrorKind, Details);
}

/// The content of the service's response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

/// The reason of an [`Error`], for a program to match on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service refuses the credentials or the token. A retry with the same ones fails again.
    #[error("refused")]
    Refused,
    /// The service requests a pause; [`Error::retry_after`] may have its length.
    #[error("too many requests")]
    RateLimited,
    /// The service failed (status 500 and above).
    #[error("the service failed")]
    Server,
    /// The service was not reached, or the exchange broke off.
    #[error("the service was not reached")]
    Transport,
    /// The service did not respond in time.
    #[error("no response in time")]
    TimedOut,
    /// An argument is invalid. Nothing was sent.
    #[error("invalid input")]
    InvalidInput,
    /// The response is not one of the account service: perhaps the address belongs to something else.
    #[error("the response could not be understood")]
    UnexpectedResponse,
}

impl Error {
    /// Adds a sentence for people, the server's or a token source's own.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.fields_mut().details.message = Some(message.into());
        self
    }

    /// Adds the content of the service's response.
    #[cfg(feature = "login")]
    pub(crate) fn with_response(mut self, response: Details) -> Self {
        self.0.fields_mut().details = response;
        self
    }

    /// Adds a pause after which a retry makes sense.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.0.fields_mut().details.retry_after = Some(pause);
        self
    }

    /// The status of the response, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.response().status
    }

    /// The server's code for programs: OAuth's `error` (`invalid_client`, `invalid_scope`, `invalid_grant`) or the
    /// REST API's `error_code` (`InvalidLoginCredentials`, `ExpiredToken`).
    pub fn code(&self) -> Option<&str> {
        self.response().code.as_deref()
    }

    /// The server's message for people.
    pub fn message(&self) -> Option<&str> {
        self.response().message.as_deref()
    }

    /// The pause that the server requested.
    pub fn retry_after(&self) -> Option<Duration> {
        self.response().retry_after
    }

    /// Returns whether the same request may succeed later: everything but a refusal, invalid input and an unexpected response.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::RateLimited | ErrorKind::Server | ErrorKind::Transport | ErrorKind::TimedOut
        )
    }

    fn response(&self) -> &Details {
        &self.0.fields().details
    }
}

impl ErrorDetails<ErrorKind> for Details {
    fn write(error: &Fields<ErrorKind, Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            code,
            message,
            retry_after,
        } = &error.details;
        if let Some(status) = status {
            write!(f, " with status {status}")?;
        }
        match (code, message) {
            (Some(code), Some(message)) => write!(f, ": {message} ({code})")?,
            (Some(text), None) | (None, Some(text)) => write!(f, ": {text}")?,
            (None, None) => {}
        }
        match retry_after {
            Some(pause) => write!(f, "; retry after {pause:?}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn the_message_is_one_level_and_the_cause_is_the_source() {
        let error = Error::new(ErrorKind::Transport, "logging in")
            .caused_by(std::io::Error::other("no route"));
        assert_eq!(error.to_string(), "logging in: the service was not reached");
        assert_eq!(error.source().unwrap().to_string(), "no route");
        assert!(error.clone().is_transient());
    }

    #[test]
    fn an_addition_to_a_clone_does_not_change_the_original() {
        let error = Error::new(ErrorKind::Server, "logging in")
            .caused_by(std::io::Error::other("no route"));
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
