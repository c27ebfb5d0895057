use alta_model::error_type::{ErrorDetails, Fields};
use alta_model::{ApiError, ErrorCode, Redactor, chain, escaped, json};
pub use alta_socket::Sent;
use alta_socket::{Closed, NotConnected};
use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::time::Duration;

/// The maximum number of characters of a server's message that an error shows.
pub(crate) const SHOWN: usize = 200;

alta_model::error_type! {
    /// An operation of the main websocket failed. It is cheap to clone: all callers that wait for one operation get the same
    /// error.
    pub struct Error(ErrorKind, Details);
}

/// The progress of the request, for kinds without such a field.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Details {
    sent: Option<Sent>,
}

impl ErrorDetails<ErrorKind> for Details {
    fn write(error: &Fields<ErrorKind, Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match error.details.sent {
            Some(sent) => write!(f, ", {sent}"),
            None => Ok(()),
        }
    }
}

/// The kind of an [`Error`], for programs that decide by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The status of the server's reply is not a success. From 400 to 499, except 408 and 429, a retry gets the same
    /// reply.
    #[error("the server replied with {status}{}{}", if .message.is_empty() { "" } else { ": " }, escaped(.message))]
    Refused {
        /// The status of the reply.
        status: u16,
        /// The server's message, or the first 200 characters of a content that could not be read; may be empty.
        message: String,
        /// The server's error code for programs.
        error_code: Option<ErrorCode>,
    },
    /// The account is refused: by the account service, or by the main websocket after the token was renewed. Final.
    #[error("not authorized{}", match .status { Some(status) => format!(", the server replied with {status}"), None => String::new() })]
    Unauthorized {
        /// The status with which the main websocket refused the token; `None` if there was no token.
        status: Option<u16>,
    },
    /// No token is available now; a later attempt can succeed.
    #[error("no token is available")]
    NoToken,
    /// The gateway in front of the service sent an error instead of a reply.
    #[error("the gateway replied: {}", escaped(.message).at_most(SHOWN))]
    Gateway {
        /// The gateway's message, usually "Internal server error".
        message: String,
    },
    /// No reply arrived within the timeout.
    #[error("no reply within {after:?}, {sent}")]
    TimedOut {
        /// The configured timeout.
        after: Duration,
        /// The progress of the request.
        sent: Sent,
    },
    /// The connection was lost, or there was none.
    #[error("the connection was lost, {sent}")]
    Disconnected {
        /// The progress of the request.
        sent: Sent,
    },
    /// The stream has ended, since its queue was full and its overflow is [`Overflow::End`](crate::Overflow::End). A
    /// new subscription begins with the events from now on.
    #[error("the stream has ended, since it was read too slowly")]
    Overflowed,
    /// No matching event arrived within the timeout.
    #[error("no event within {0:?}")]
    NoEvent(Duration),
    /// The client is closed.
    #[error("the client is closed: {because}")]
    Closed {
        /// The cause.
        #[source]
        because: Closed,
    },
    /// The connection could not be opened.
    #[error("the connection could not be opened")]
    Dial,
    /// The reply could not be decoded.
    #[error("the reply could not be decoded")]
    Decode,
    /// A string is not a topic.
    #[error("not a topic: {}", escaped(.reason))]
    Topic {
        /// The reason.
        reason: String,
    },
    /// The configuration cannot be used.
    #[error("the configuration cannot be used: {}", escaped(.reason))]
    Config {
        /// The reason.
        reason: String,
    },
}

impl Error {
    pub(crate) fn closed(because: Closed, doing: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Closed { because }, doing)
    }

    /// Records how far the request got. An error that is the server's reply stays unchanged.
    pub(crate) fn of_request(mut self, was: Sent) -> Self {
        let fields = self.0.fields_mut();
        match &mut fields.kind {
            ErrorKind::TimedOut { sent, .. } | ErrorKind::Disconnected { sent } => *sent = was,
            ErrorKind::Refused { .. } | ErrorKind::Decode => {}
            _ => fields.details.sent = Some(was),
        }
        self
    }

    /// The error of a reply with this status and content.
    pub(crate) fn refused(
        status: u16,
        content: &str,
        redactor: &Redactor,
        doing: impl Into<Cow<'static, str>>,
    ) -> Self {
        // Before the content is decoded and cut, so that the redactor sees field names and whole secrets.
        let content = &*redactor.redact(content);
        let (message, error_code) = match json::from_str::<ApiError>(content) {
            Ok(error) => (error.message, error.error_code),
            // If the content cannot be decoded, its beginning is the message.
            Err(_) => (content.to_owned(), None),
        };
        let message = match message.char_indices().nth(200) {
            Some((end, _)) => message[..end].to_owned(),
            None => message,
        };
        let kind = ErrorKind::Refused {
            status,
            message,
            error_code,
        };
        Self::new(kind, doing)
    }

    /// The progress of a request without a reply. `None` if a reply arrived, or if there was no request.
    pub fn sent(&self) -> Option<Sent> {
        match self.kind() {
            ErrorKind::TimedOut { sent, .. } | ErrorKind::Disconnected { sent } => Some(*sent),
            _ => self.0.fields().details.sent,
        }
    }

    /// Returns whether a later attempt can succeed.
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            ErrorKind::Refused {
                status, error_code, ..
            } => {
                // A reply without a status is not final either.
                !(400..500).contains(status)
                    || matches!(status, 408 | 429)
                    || *error_code == Some(ErrorCode::RetryActionLater)
            }
            ErrorKind::NoToken
            | ErrorKind::Gateway { .. }
            | ErrorKind::TimedOut { .. }
            | ErrorKind::Disconnected { .. }
            | ErrorKind::Dial => true,
            ErrorKind::Unauthorized { .. }
            | ErrorKind::Closed { .. }
            | ErrorKind::Overflowed
            | ErrorKind::NoEvent(_)
            | ErrorKind::Decode
            | ErrorKind::Topic { .. }
            | ErrorKind::Config { .. } => false,
        }
    }

    /// The pause that a server requested: the main websocket when it refused the handshake, or the account service.
    pub fn retry_after(&self) -> Option<Duration> {
        let source = self.source()?;
        let of_login = || source.downcast_ref::<alta_auth::Error>()?.retry_after();
        source
            .downcast_ref::<alta_socket::DialError>()
            .and_then(alta_socket::DialError::retry_after)
            .or_else(of_login)
    }

    /// Returns whether the server refused the token, not the request.
    pub(crate) fn is_token_refusal(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Refused { status: 401, .. } | ErrorKind::Unauthorized { .. }
        )
    }

    /// The reason for which a connection could not be opened, if this is such an error.
    pub(crate) fn why_not_connected(&self) -> NotConnected {
        match self.kind() {
            ErrorKind::NoToken => NotConnected::NoAccess(self.chain()),
            _ => NotConnected::Unreachable(self.chain()),
        }
    }

    /// The reason for which the client is closed, if this error closed it.
    pub(crate) fn why_closed(&self) -> Closed {
        match self.kind() {
            ErrorKind::Closed { because } => because.clone(),
            ErrorKind::Config { .. } => Closed::Token(self.chain()),
            _ => Closed::Refused(self.chain()),
        }
    }

    /// This error and its causes in one line, for a state that people read.
    pub(crate) fn chain(&self) -> String {
        chain(self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_operation_and_the_servers_message() {
        let content = r#"{"message":"Not found","error_code":"ObjectNotFound"}"#;
        let error = Error::refused(
            404,
            content,
            &Redactor::new(),
            "subscribing to group-update/1",
        );
        assert_eq!(
            error.to_string(),
            "subscribing to group-update/1: the server replied with 404: Not found"
        );
        assert!(!error.is_transient());
        let later = r#"{"message":"","error_code":"RetryActionLater"}"#;
        assert!(Error::refused(400, later, &Redactor::new(), "x").is_transient());
        for (status, transient) in [
            (429, true),
            (408, true),
            (503, true),
            (0, true),
            (403, false),
        ] {
            assert_eq!(
                Error::refused(status, "", &Redactor::new(), "x").is_transient(),
                transient
            );
        }
    }

    #[test]
    fn an_error_content_that_cannot_be_decoded_is_kept_with_a_bounded_length() {
        let page = format!("<html>{}", "\u{e9}".repeat(1_000));
        let error = Error::refused(502, &page, &Redactor::new(), "subscribing");
        let ErrorKind::Refused { message, .. } = error.kind() else {
            panic!("{error:?}");
        };
        assert_eq!(message.chars().count(), 200);
        assert!(message.starts_with("<html>"));
    }

    #[test]
    fn the_display_is_one_level_and_the_cause_is_the_source() {
        let error = Error::new(ErrorKind::Dial, "connecting")
            .caused_by(std::io::Error::other("no route to host"));
        assert_eq!(
            error.to_string(),
            "connecting: the connection could not be opened"
        );
        assert_eq!(error.source().unwrap().to_string(), "no route to host");
        assert_eq!(
            error.chain(),
            "connecting: the connection could not be opened: no route to host"
        );
    }
}
