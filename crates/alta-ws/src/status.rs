use std::sync::Arc;

/// How the main socket is doing: what [`Client::status`](crate::Client::status) shows and
/// [`Client::statuses`](crate::Client::statuses) streams.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The state of the connection; of the worst one if there are several sockets.
    pub state: State,
    /// How many sockets there are; more than one above
    /// [`subscriptions_per_socket`](crate::Config#structfield.subscriptions_per_socket). When subscriptions go, the rest
    /// moves together after a while, and sockets are closed.
    pub sockets: usize,
    /// The last subscription that the server refused for good, and what it said.
    pub last_refusal: Option<Arc<str>>,
    /// The last subscription that failed three times in a row or more and has not healed since, and why. It is tried
    /// again, and others are not held up.
    pub last_failure: Option<Arc<str>>,
    /// What has happened since the client was made.
    pub totals: Totals,
}

/// A state of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The first connection is being made.
    Connecting,
    /// Connected.
    Ready,
    /// Connected, and moving to a new socket before the old one's life ends. Events go on.
    Migrating,
    /// The connection is gone, or could not be made, and is tried again.
    Recovering {
        /// How many attempts there have been.
        attempt: u32,
        /// Why.
        because: Arc<str>,
    },
    /// Closed for good.
    Closed {
        /// Why.
        because: Arc<str>,
    },
}

impl State {
    /// Whether events arrive.
    pub fn is_connected(&self) -> bool {
        matches!(self, State::Ready | State::Migrating)
    }

    /// Whether nothing more will come of it.
    pub fn is_closed(&self) -> bool {
        matches!(self, State::Closed { .. })
    }
}

/// A status without what changes with every event: watchers are woken when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) state: State,
    pub(crate) sockets: usize,
    pub(crate) last_refusal: Option<Arc<str>>,
    pub(crate) last_failure: Option<Arc<str>>,
    pub(crate) rare: Totals,
}

impl Condition {
    pub(crate) fn with(self, totals: Totals) -> Status {
        Status {
            state: self.state,
            sockets: self.sockets,
            last_refusal: self.last_refusal,
            last_failure: self.last_failure,
            totals,
        }
    }
}

/// Counters, from the client's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Events that arrived, duplicates included.
    pub events: u64,
    /// Events that two sockets delivered, those of a migration for example, and that were passed on once.
    pub duplicates_suppressed: u64,
    /// Subscriptions that were confirmed again after their connection was lost.
    pub gaps: u64,
    /// Migrations that succeeded.
    pub migrations: u64,
    /// Migrations that the server refused or did not answer, or during which a connection was lost.
    pub failed_migrations: u64,
    /// Connections made after one was lost.
    pub reconnects: u64,
    /// Answers that no open request was waiting for.
    pub late_answers: u64,
    /// Frames that were no JSON objects, or binary, and parts of frames that were none. Where it may have been an event, its
    /// streams were told ([`Missed::Undecodable`](crate::Missed::Undecodable)).
    pub malformed: u64,
    /// Errors of the gateway in front of the service, which don't say what they answer.
    pub gateway_errors: u64,
    /// Events that nobody was reading.
    pub unrouted: u64,
    /// Subscriptions that the server refused for good.
    pub refused_subscriptions: u64,
    /// Attempts to subscribe or unsubscribe that failed and are repeated.
    pub failed_attempts: u64,
}

impl Totals {
    /// Without the counters that change with every event.
    pub(crate) fn rare(self) -> Self {
        Self {
            events: 0,
            duplicates_suppressed: 0,
            unrouted: 0,
            ..self
        }
    }
}
