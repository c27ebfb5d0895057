use alta_model::escaped;
use std::fmt;

/// How many characters of a server's words are shown.
const SHOWN: usize = 500;

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It gets a token, dials and logs in.
    Connecting {
        /// Which attempt this is since it was last ready; the first is 1.
        attempt: u32,
    },
    /// Connected: requests are sent, events arrive.
    Ready,
    /// A console is connected, but the server has replied to nothing for a while although it was asked: one that loads its
    /// world accepts commands and runs them minutes later (tavernpy). They keep their order; nothing is sent again. It ends
    /// with the next reply, whatever it belongs to. A single command that is slow looks the same; a warning is logged once two
    /// have waited for so long (`stalled_after` in the configuration).
    Stalled,
    /// The main socket is connected and moves to a new websocket before the old one's life ends. Events go on.
    Migrating,
    /// There is no connection. It waits before it tries again.
    Recovering {
        /// How many attempts in a row have failed; a connection that was lost counts as one. The pause grows with it.
        attempt: u32,
        /// Why the last attempt failed, or the connection was lost.
        because: NotConnected,
    },
    /// It is closed for good.
    Closed {
        /// Why.
        because: Closed,
    },
}

impl State {
    /// Whether it is connected: requests are sent and events arrive.
    pub fn is_connected(&self) -> bool {
        matches!(self, State::Ready | State::Stalled | State::Migrating)
    }

    /// Whether it is closed for good.
    pub fn is_closed(&self) -> bool {
        matches!(self, State::Closed { .. })
    }
}

/// Why there is no connection at the moment. Each of these is tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotConnected {
    /// The server is not up, by its own account or its cloud's.
    #[error("the server is not up: {}", escaped(.0).at_most(SHOWN))]
    NotUp(String),
    /// There is no token or no address now: a token file that is not there yet, a cloud that fails.
    #[error("no access: {}", escaped(.0))]
    NoAccess(String),
    /// The server could not be reached. Normal while a self-hosted server boots.
    #[error("unreachable: {}", escaped(.0))]
    Unreachable(String),
    /// The console took the token and said nothing: it is loading, or the token is wrong.
    #[error(
        "the server did not reply to the token: it is loading its world, or the token is wrong"
    )]
    NoReplyToToken,
    /// The connection broke or was closed.
    #[error("{}", escaped(.0))]
    Lost(String),
}

/// Why a connection is closed for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Closed {
    /// The program closed it, or dropped its last handle.
    #[error("closed by the program")]
    ByUs,
    /// The server refused the token, the cloud the access, or a web server the address's user and password (401, 403).
    #[error("refused: {}", escaped(.0).at_most(SHOWN))]
    Refused(String),
    /// Nothing can ever be dialed at the address: its scheme is another one than `ws` and `wss`, or it is `wss` and there is
    /// no TLS to dial with.
    #[error("{}", escaped(.0))]
    Address(String),
    /// The token cannot be sent: it is empty or holds a control character.
    #[error("{}", escaped(.0))]
    Token(String),
    /// The task of the connection ended by a panic, of a dialer or a token source that the program brought.
    #[error("the task of the connection panicked")]
    Broken,
    /// The tokio runtime that it was opened on has ended.
    #[error("the runtime ended that the connection was opened on")]
    RuntimeEnded,
    /// The server never replied to the token, as self-hosted servers do with a wrong one (tavernpy).
    #[error("the server did not reply to the token, {attempts} times; it is probably wrong")]
    NoReplyToToken {
        /// How often it was tried.
        attempts: u32,
    },
}

/// Whether a request without a reply may have run on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// It was never handed to the socket: it did not run, and sending it again is safe.
    NotSent,
    /// It was handed to the socket: it may have run, or may still run.
    MayHaveRun,
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sent::NotSent => "it was not sent",
            Sent::MayHaveRun => "it may have run",
        })
    }
}
