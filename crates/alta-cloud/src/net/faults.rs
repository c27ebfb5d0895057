//! Faults on demand.
//!
//! A [`Fault`] waits at a [`Hook`] until an operation there matches it. Its [`Action`] then replaces or changes the normal
//! behavior. A fault acts a limited number of times; of several that match, the one armed first acts.
//!
//! Hooks and actions can be read from JSON.

use super::span;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::de::{Deserialize, Deserializer, Error as _};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The place where a fault acts, and the text that its pattern is compared with.
#[derive(Clone, Copy, Debug, serde::Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FaultHook", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Hook {
    /// An HTTP request. The text is `METHOD /path?query`.
    Http,
    /// The handshake of the main websocket. No text.
    MainUpgrade,
    /// A request on the main websocket. The text is `METHOD path`, such as `POST migrate`.
    MainRequest,
    /// An event on the main websocket, before it is sent. The text is `event/key`.
    MainEvent,
    /// The handshake of a console. No text.
    ConsoleUpgrade,
    /// The token that a console receives. No text.
    ConsoleToken,
    /// A command on a console. The text is its line.
    ConsoleCommand,
    /// An event on a console, before it is sent. The text is its name.
    ConsoleEvent,
}

/// A frame that a well-behaved server does not send.
#[derive(Clone, Debug, serde::Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Junk {
    /// A text frame with this content.
    Text(String),
    /// A binary frame with these bytes.
    Binary(Vec<u8>),
    /// A text frame of this many bytes. In JSON, at most 256 MiB.
    #[serde(deserialize_with = "size")]
    Oversize(usize),
    /// A text frame that is not UTF-8.
    InvalidUtf8,
}

/// An HTTP response.
#[derive(Clone, Debug, serde::Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// Header names and values.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: String,
}

impl HttpReply {
    /// A response without headers and body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body and its `content-type`.
    #[must_use]
    pub fn body(self, content_type: &str, body: &str) -> Self {
        Self {
            body: body.to_owned(),
            ..self.header("content-type", content_type)
        }
    }

    /// 500 with an HTML page, as gateways send it.
    pub fn html_500() -> Self {
        Self::status(500).body(
            "text/html",
            "<html><body><h1>Internal Server Error</h1></body></html>",
        )
    }

    /// 429 with `Retry-After` in seconds.
    pub fn too_many(retry_after: u64) -> Self {
        Self::status(429).header("retry-after", &retry_after.to_string())
    }
}

impl IntoResponse for HttpReply {
    /// Leaves out headers that HTTP does not allow. A status that HTTP does not allow becomes 500.
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// The behavior of a fault.
#[derive(Clone, Debug, serde::Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FaultAction", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// Sends no reply or event. The request is still performed.
    Drop,
    /// Sends the reply or event after this time; later ones can overtake it.
    #[serde(deserialize_with = "span::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "span::Span"))]
    Delay(Duration),
    /// Sends the reply or event twice.
    Twice,
    /// Websockets: sends the reply or event in fragments of this many bytes.
    Fragments(usize),
    /// Sends the reply with this id.
    WrongId(u64),
    /// Sends the reply without an id.
    NoId,
    /// Sends this before the reply or event.
    Before(Junk),
    /// Sends this in place of the reply or event.
    Instead(Junk),
    /// HTTP and handshakes: sends this response and does not perform the request. Elsewhere the same as [`Action::Drop`].
    Reply(HttpReply),
    /// HTTP: sends the head of the response and half of its body, then ends the connection. Elsewhere the same as
    /// [`Action::Cut`].
    Truncate,
    /// Refuses the request, which is not performed. On the main websocket: a reply with this status and the fixture's error
    /// content. On a console: the fixture's exception with this number in its message. HTTP: an error body with this status.
    Refuse(u16),
    /// Consoles: performs the command and replies with this JSON as its result; without a result if it is not JSON. Elsewhere the
    /// same as no fault.
    #[serde(deserialize_with = "json_text")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    Result(String),
    /// Closes the websocket with this code and reason; ends an HTTP connection.
    #[serde(deserialize_with = "close_frame")]
    #[cfg_attr(feature = "schema", schemars(with = "CloseFrame"))]
    Close(u16, String),
    /// Ends the connection without a close frame.
    Cut,
    /// Websockets: sends half of the frame of the reply or event, then ends the connection. Elsewhere the same as
    /// [`Action::Cut`].
    CutInside,
    /// Keeps the connection open, but neither reads nor writes it any more.
    Silence,
}

/// The JSON form of a close frame.
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct CloseFrame {
    /// The code.
    code: u16,
    /// The reason.
    #[serde(default)]
    reason: String,
}

fn close_frame<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(u16, String), D::Error> {
    let CloseFrame { code, reason } = CloseFrame::deserialize(deserializer)?;
    Ok((code, reason))
}

fn json_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    serde_json::Value::deserialize(deserializer).map(|json| json.to_string())
}

/// The largest frame that JSON can order.
const LARGEST: usize = 256 << 20;

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let bytes = usize::deserialize(deserializer)?;
    if bytes > LARGEST {
        return Err(D::Error::custom(format_args!(
            "a frame of at most {LARGEST} bytes, not {bytes}"
        )));
    }
    Ok(bytes)
}

type Pattern = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// An [`Action`] that waits for an operation at a [`Hook`].
#[must_use]
pub struct Fault {
    hook: Hook,
    action: Action,
    server: Option<u64>,
    pattern: Option<Pattern>,
    skip: u32,
    times: u32,
    every: u32,
    seen: u32,
}

impl Fault {
    /// A fault that acts once, at the first operation.
    pub fn new(hook: Hook, action: Action) -> Self {
        Self {
            hook,
            action,
            server: None,
            pattern: None,
            skip: 0,
            times: 1,
            every: 1,
            seen: 0,
        }
    }

    /// Only acts if the hook's text contains this, in any letter case.
    pub fn containing(self, part: &str) -> Self {
        let part = part.to_lowercase();
        self.when(move |text| text.to_lowercase().contains(&part))
    }

    /// Only acts if the hook's text satisfies this.
    pub fn when(mut self, pattern: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.pattern = Some(Box::new(pattern));
        self
    }

    /// Only acts on the console of this server.
    pub fn server(mut self, server: u64) -> Self {
        self.server = Some(server);
        self
    }

    /// Ignores this many matching operations first.
    pub fn after(mut self, operations: u32) -> Self {
        self.skip = operations;
        self
    }

    /// Acts this many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Acts at every `n`-th matching operation, beginning with the `n`-th, without end unless [`Fault::times`] follows.
    pub fn every(mut self, n: u32) -> Self {
        self.every = n.max(1);
        self.times = u32::MAX;
        self
    }

    fn matches(&self, hook: Hook, server: Option<u64>, text: &str) -> bool {
        self.hook == hook
            && (self.server.is_none() || self.server == server)
            && self.pattern.as_ref().is_none_or(|pattern| pattern(text))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("hook", &self.hook)
            .field("action", &self.action)
            .field("server", &self.server)
            .field("skip", &self.skip)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// The armed faults of a service, in the order in which they were armed. A clone refers to the same faults.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arms a fault, behind those that are armed already.
    pub fn arm(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Makes the next migration of the main websocket fail when the client requests its token.
    pub fn fail_migration_token(&self, status: u16) {
        self.arm(Fault::new(Hook::MainRequest, Action::Refuse(status)).containing("GET migrate"));
    }

    /// Makes the next migration of the main websocket fail when the client redeems its token.
    pub fn fail_migration(&self, status: u16) {
        self.arm(Fault::new(Hook::MainRequest, Action::Refuse(status)).containing("POST migrate"));
    }

    /// Disarms all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The number of faults that are still armed.
    pub fn armed(&self) -> usize {
        self.lock().len()
    }

    /// Takes the action for an operation, if a fault matches it.
    pub(super) fn take(&self, hook: Hook, server: Option<u64>, text: &str) -> Option<Action> {
        let mut armed = self.lock();
        let at = armed.iter_mut().position(|fault| {
            if !fault.matches(hook, server, text) {
                return false;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return false;
            }
            fault.seen = (fault.seen + 1) % fault.every;
            fault.times > 0 && fault.seen == 0
        })?;
        let fault = &mut armed[at];
        fault.times -= 1;
        let action = fault.action.clone();
        if fault.times == 0 {
            drop(armed.remove(at));
        }
        Some(action)
    }
}

#[cfg(test)]
mod tests;
