use crate::error::{Error, ErrorKind};
use alta_model::{Redactor, json};
use alta_socket::RawFrame;
use http::Method;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A request, without the token that is sent with it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path, without a leading slash.
    pub(crate) path: Arc<str>,
    pub(crate) content: Option<Content>,
}

/// The content of a request.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// A JSON string that contains JSON, as in the service's own frames.
    Text(Arc<str>),
    /// A JSON array, as in Townsharp's sample of a batch.
    Batch(Arc<[BatchOf]>),
}

/// Subscriptions to one event for several keys.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BatchOf {
    pub(crate) event: String,
    pub(crate) keys: Vec<String>,
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Content::Text(text) => serializer.serialize_str(text),
            Content::Batch(batch) => serializer.collect_seq(&**batch),
        }
    }
}

/// Omits the content, which is a token in a migration.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({})", self.doing())
    }
}

#[derive(Serialize)]
struct WireRequest<'a> {
    id: u32,
    method: &'a str,
    path: &'a str,
    authorization: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a Content>,
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<Arc<str>>) -> Self {
        Self {
            method,
            path: path.into(),
            content: None,
        }
    }

    /// Returns whether this is the `key` of a reply to it: `POST /ws/migrate`.
    pub(crate) fn has_reply_key(&self, key: &str) -> bool {
        key.split_once(" /ws/").is_some_and(|(method, path)| {
            method.eq_ignore_ascii_case(self.method.as_str())
                && path.eq_ignore_ascii_case(&self.path)
        })
    }

    /// The operation that an error names.
    pub(crate) fn doing(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The frame to send. It contains the token.
    pub(crate) fn frame(&self, id: u32, token: &str) -> Result<String, serde_json::Error> {
        serde_json::to_string(&WireRequest {
            id,
            method: self.method.as_str(),
            path: &self.path,
            authorization: &format!("Bearer {token}"),
            content: self.content.as_ref(),
        })
    }
}

/// The server's reply to a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The status, as in HTTP.
    pub status: u16,
    /// The content: JSON, or empty.
    pub content: String,
    /// The whole frame.
    pub raw: RawFrame,
    pub(crate) redactor: Redactor,
}

impl Response {
    /// Decodes the content.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Decode`] if it is not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::from_str(&self.content).map_err(|error| {
            Error::new(ErrorKind::Decode, "decoding the content of a reply")
                .caused_by(self.redactor.cause(error))
        })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
