//! Faults as data.

use super::values::Span;
use alta_cloud::net::{Action, Hook, HttpReply, Junk};
use serde::Deserialize;

/// The place where a fault acts, and the text that `containing` is compared with.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FaultHook {
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

impl From<FaultHook> for Hook {
    fn from(hook: FaultHook) -> Self {
        match hook {
            FaultHook::Http => Self::Http,
            FaultHook::MainUpgrade => Self::MainUpgrade,
            FaultHook::MainRequest => Self::MainRequest,
            FaultHook::MainEvent => Self::MainEvent,
            FaultHook::ConsoleUpgrade => Self::ConsoleUpgrade,
            FaultHook::ConsoleToken => Self::ConsoleToken,
            FaultHook::ConsoleCommand => Self::ConsoleCommand,
            FaultHook::ConsoleEvent => Self::ConsoleEvent,
        }
    }
}

/// The behavior of a fault.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum FaultAction {
    /// Sends no reply or event. The request is still performed.
    Drop,
    /// Sends the reply or event after this time; later ones can overtake it.
    Delay(Span),
    /// Sends the reply or event twice.
    Twice,
    /// Websockets: sends the reply or event in fragments of this many bytes.
    Fragments(usize),
    /// Sends the reply with this id.
    WrongId(u64),
    /// Sends the reply without an id.
    NoId,
    /// Sends a text frame with this content before the reply or event.
    TextBefore(String),
    /// Sends a text frame with this content in place of the reply or event.
    TextInstead(String),
    /// Sends a binary frame with these bytes before the reply or event.
    BinaryBefore(Vec<u8>),
    /// Sends a binary frame with these bytes in place of the reply or event.
    BinaryInstead(Vec<u8>),
    /// Sends a text frame of this many bytes before the reply or event, at most 256 MiB.
    OversizeBefore(u32),
    /// Sends a text frame of this many bytes in place of the reply or event, at most 256 MiB.
    OversizeInstead(u32),
    /// Sends a text frame that is not UTF-8 before the reply or event.
    InvalidUtf8Before,
    /// Sends a text frame that is not UTF-8 in place of the reply or event.
    InvalidUtf8Instead,
    /// HTTP and handshakes: sends this response and does not perform the request.
    Reply {
        /// The status.
        status: u16,
        /// Header names and values.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// HTTP: sends the head of the response and half of its body, then ends the connection.
    Truncate,
    /// Refuses the request with this status, or with this number in the exception of a console.
    Refuse(u16),
    /// Consoles: performs the command and replies with this JSON as its result.
    Result(serde_json::Value),
    /// Closes the websocket; ends an HTTP connection.
    Close {
        /// The code of the close frame.
        code: u16,
        /// The reason in the close frame.
        #[serde(default)]
        reason: String,
    },
    /// Ends the connection without a close frame.
    Cut,
    /// Websockets: sends half of the frame, then ends the connection.
    CutInside,
    /// Keeps the connection open, but neither reads nor writes it any more.
    Silence,
}

/// The largest frame of a fault.
const LARGEST: u32 = 256 << 20;

impl From<FaultAction> for Action {
    fn from(action: FaultAction) -> Self {
        let oversize = |bytes: u32| Junk::Oversize(bytes.min(LARGEST) as usize);
        match action {
            FaultAction::Drop => Self::Drop,
            FaultAction::Delay(Span(time)) => Self::Delay(time),
            FaultAction::Twice => Self::Twice,
            FaultAction::Fragments(bytes) => Self::Fragments(bytes.max(1)),
            FaultAction::WrongId(id) => Self::WrongId(id),
            FaultAction::NoId => Self::NoId,
            FaultAction::TextBefore(text) => Self::Before(Junk::Text(text)),
            FaultAction::TextInstead(text) => Self::Instead(Junk::Text(text)),
            FaultAction::BinaryBefore(bytes) => Self::Before(Junk::Binary(bytes)),
            FaultAction::BinaryInstead(bytes) => Self::Instead(Junk::Binary(bytes)),
            FaultAction::OversizeBefore(bytes) => Self::Before(oversize(bytes)),
            FaultAction::OversizeInstead(bytes) => Self::Instead(oversize(bytes)),
            FaultAction::InvalidUtf8Before => Self::Before(Junk::InvalidUtf8),
            FaultAction::InvalidUtf8Instead => Self::Instead(Junk::InvalidUtf8),
            FaultAction::Reply {
                status,
                headers,
                body,
            } => {
                let mut reply = HttpReply::status(status);
                reply.headers = headers;
                reply.body = body;
                Self::Reply(reply)
            }
            FaultAction::Truncate => Self::Truncate,
            FaultAction::Refuse(status) => Self::Refuse(status),
            FaultAction::Result(json) => Self::Result(json.to_string()),
            FaultAction::Close { code, reason } => Self::Close(code, reason),
            FaultAction::Cut => Self::Cut,
            FaultAction::CutInside => Self::CutInside,
            FaultAction::Silence => Self::Silence,
        }
    }
}
