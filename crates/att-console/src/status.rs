use crate::error::{Closed, SHOWN};
use alta_model::escaped;
use alta_socket::Counter;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What a console is doing, and what it has counted so far.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// How many commands wait to be sent.
    pub waiting: u64,
    /// How many commands were sent and are not answered yet.
    pub in_flight: u64,
    /// What it has counted since it was opened.
    pub totals: Totals,
}

/// What a console is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It asks for access, dials and logs in.
    Connecting {
        /// Which attempt this is since it was last ready; the first is 1.
        attempt: u32,
    },
    /// The server has accepted the token: commands run, events arrive.
    Ready,
    /// It is connected, but the server has answered nothing for a while although it was asked: one that loads its world
    /// accepts commands and runs them minutes later (tavernpy). They keep their order; nothing is sent again. It ends with
    /// the next answer, to whatever it may be. A single command that is slow looks the same; a warning is logged once two
    /// have waited for so long ([`Config::stalled_after`](crate::Config::stalled_after)).
    Stalled,
    /// It waits before it tries again.
    Recovering {
        /// The attempt that comes next.
        attempt: u32,
        /// Why the last one failed, or the connection was lost.
        because: Trouble,
    },
    /// It is closed for good.
    Closed {
        /// Why.
        because: Closed,
    },
}

impl State {
    /// Whether commands are being sent now.
    pub fn is_connected(&self) -> bool {
        matches!(self, State::Ready | State::Stalled)
    }

    /// Whether nothing more will come of it.
    pub fn is_closed(&self) -> bool {
        matches!(self, State::Closed { .. })
    }
}

/// Why a console is not connected at the moment. All of these are tried again by themselves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The server is not up, by its own account or its cloud's.
    #[error("the server is not up: {}", escaped(.0).at_most(SHOWN))]
    NotUp(String),
    /// It could not be found out where the console is: a token file that is not there yet, a cloud that fails.
    #[error("no access: {}", escaped(.0))]
    NoAccess(String),
    /// The console's port could not be reached. Normal while a self-hosted server boots.
    #[error("unreachable: {}", escaped(.0))]
    Unreachable(String),
    /// The console took the token and said nothing: it is loading, or the token is wrong.
    #[error("the server did not answer the token: it is loading its world, or the token is wrong")]
    NoAnswerToToken,
    /// The connection broke or was closed.
    #[error("{}", escaped(.0))]
    Lost(String),
}

alta_socket::counters! {
    /// Counts since the console was opened.
    pub struct Totals {
        /// Events that arrived.
        events,
        /// Events that nobody had subscribed to.
        unclaimed,
        /// Commands that were handed to the socket.
        commands,
        /// Answers to commands.
        answers,
        /// Answers whose command had ended before they came, second answers among them. They were thrown away.
        late_answers,
        /// Answers with an id that was never sent, or with none. They were thrown away.
        strange_answers,
        /// Frames, or parts of frames, that could not be read, binary ones among them. They were skipped; where an event may
        /// have been in one, every stream was told ([`Missed::Undecodable`](crate::Missed::Undecodable)).
        malformed,
        /// Notices of the server after login.
        notices,
        /// Times the console became ready.
        connects,
        /// Gaps: subscriptions that were confirmed again after they had been lost.
        gaps,
        /// Subscriptions that the server refused although they had been held before.
        refused_subscriptions,
        /// Attempts to subscribe or unsubscribe that failed and are repeated.
        failed_attempts,
    } beside {
        waiting: Counter,
        in_flight: Counter,
        heard_until: Mutex<Option<Instant>>,
    }
}

impl Counters {
    /// A session has ended; the server was last heard then.
    pub(crate) fn session_ended(&self, last_heard: Instant) {
        *self.heard_until() = Some(last_heard);
    }

    /// When the server was last heard in the latest session that has ended.
    pub(crate) fn heard_until(&self) -> MutexGuard<'_, Option<Instant>> {
        // It is replaced in one step.
        self.heard_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
