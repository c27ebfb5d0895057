use alta_model::{Redactor, escaped};
use std::sync::Arc;
use std::time::Duration;

/// The reason why a link ended.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Lost {
    /// The server closed it with this code and reason.
    #[error("the server closed the connection with code {code}{}", if .reason.is_empty() { String::new() } else { format!(": {}", escaped(.reason)) })]
    Closed {
        /// The close code of RFC 6455; 1005 stands for a close frame without one.
        code: u16,
        /// The reason in the close frame, often empty.
        reason: String,
    },
    /// The stream ended or broke without a close frame.
    #[error("the connection broke")]
    Broken(#[source] Option<Arc<std::io::Error>>),
    /// A frame larger than the configured limit arrived.
    #[error("a frame over the limit of {limit} bytes arrived")]
    Oversize {
        /// The configured limit.
        limit: usize,
    },
    /// A text frame was not UTF-8.
    #[error("a text frame was not valid UTF-8")]
    InvalidUtf8,
    /// The server broke the websocket protocol.
    #[error("the server violated the websocket protocol: {}", escaped(.0))]
    Protocol(String),
    /// Nothing arrived for this time.
    #[error("nothing arrived for {0:?}")]
    Silent(Duration),
    /// The connection accepted no bytes for this time although some waited to be written.
    #[error("nothing could be written for {0:?}")]
    Unwritable(Duration),
}

impl Lost {
    /// The same, with the secrets in the server's reason redacted.
    #[must_use]
    pub fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Lost::Closed { code, reason } => Lost::Closed {
                code,
                reason: redactor.redact(&reason).into_owned(),
            },
            Lost::Protocol(text) => Lost::Protocol(redactor.redact(&text).into_owned()),
            other => other,
        }
    }
}
