use alta_model::escaped;
use std::fmt;

/// The maximum number of characters of a server's message that are shown.
const SHOWN: usize = 500;

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The client gets a token, dials and logs in.
    Connecting {
        /// The number of this attempt since it was last ready; the first is 1.
        attempt: u32,
    },
    /// Connected: requests are sent, events arrive.
    Ready,
    /// A console is connected, but the server has replied to no command for a while: a server that loads its world
    /// accepts commands and runs them minutes later (tavernpy). They keep their order; none is sent again. This state
    /// ends with the next reply to any command. A single slow command looks the same; a warning is logged once two
    /// commands have waited for this time (`stalled_after` in the configuration).
    Stalled,
    /// The main websocket is connected and moves to a new connection before the old one reaches its maximum age. Events
    /// continue.
    Migrating,
    /// There is no connection. The client waits before the next attempt.
    Recovering {
        /// The number of consecutive failed attempts; a lost connection counts as one. The pause grows with it.
        attempt: u32,
        /// The reason for the last failure or loss.
        because: NotConnected,
    },
    /// It is closed permanently.
    Closed {
        /// The reason.
        because: Closed,
    },
}

impl State {
    /// Returns whether it is connected: requests are sent and events arrive.
    pub fn is_connected(&self) -> bool {
        matches!(self, State::Ready | State::Stalled | State::Migrating)
    }

    /// Returns whether it is closed permanently.
    pub fn is_closed(&self) -> bool {
        matches!(self, State::Closed { .. })
    }
}

/// The reason for which there is no connection at the moment. All of them are retried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotConnected {
    /// The server is not up, according to itself or to the cloud.
    #[error("the server is not up: {}", escaped(.0).at_most(SHOWN))]
    NotUp(String),
    /// There is no token or no address now: the token file does not exist yet, or the cloud fails.
    #[error("no access: {}", escaped(.0))]
    NoAccess(String),
    /// The server could not be reached. Normal while a self-hosted server boots.
    #[error("unreachable: {}", escaped(.0))]
    Unreachable(String),
    /// The console accepted the token and sent nothing: it is loading, or the token is wrong.
    #[error(
        "the server did not reply to the token: it is loading its world, or the token is wrong"
    )]
    NoReplyToToken,
    /// The connection broke or was closed.
    #[error("{}", escaped(.0))]
    Lost(String),
}

/// The reason for which a connection is closed permanently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Closed {
    /// The program closed it, or dropped its last handle.
    #[error("closed by the program")]
    ByUs,
    /// The server refused the token, the cloud the access, or a web server the address's user and password (401, 403).
    #[error("refused: {}", escaped(.0).at_most(SHOWN))]
    Refused(String),
    /// No attempt can succeed with this address: its scheme is neither `ws` nor `wss`, or it is `wss` and the dialer
    /// has no TLS.
    #[error("{}", escaped(.0))]
    Address(String),
    /// The token cannot be sent: it is empty or contains a control character.
    #[error("{}", escaped(.0))]
    Token(String),
    /// The task of the connection panicked, in a dialer or a token source of the program.
    #[error("the task of the connection panicked")]
    Panicked,
    /// The tokio runtime of the connection has ended.
    #[error("the runtime of the connection has ended")]
    RuntimeEnded,
    /// The server never replied to the token, as self-hosted servers do with a wrong one (tavernpy).
    #[error("the server did not reply to the token, {attempts} times; it is probably wrong")]
    NoReplyToToken {
        /// The number of attempts.
        attempts: u32,
    },
}

/// The progress of a request without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// It was not sent: it did not run, and it is safe to send it again.
    NotSent,
    /// It was sent: it may have run, or may still run.
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
