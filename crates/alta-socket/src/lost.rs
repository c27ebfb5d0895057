use alta_model::{Redactor, escaped};
use std::sync::Arc;
use std::time::Duration;

/// Why a link ended.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Lost {
    /// The other side closed it, with this code and reason.
    #[error("the server closed the connection with code {code}{}", if .reason.is_empty() { String::new() } else { format!(": {}", escaped(.reason)) })]
    Closed {
        /// The close code of RFC 6455; 1005 stands for a close frame without one.
        code: u16,
        /// What the other side wrote beside it, often nothing.
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
    /// The other side broke the websocket protocol.
    #[error("the websocket protocol was broken: {}", escaped(.0))]
    Protocol(String),
    /// Nothing was heard for so long that the link must be dead.
    #[error("nothing was heard for {0:?}")]
    Silent(Duration),
    /// The other side took nothing of what was to be written for so long.
    #[error("nothing could be written for {0:?}")]
    Unwritable(Duration),
}

impl Lost {
    /// The same without what is secret in the other side's words.
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
