use alta_socket::Counter;
pub use alta_socket::{NotConnected, State};
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
        replies,
        /// Answers whose command had ended before they came, second answers among them. They were thrown away.
        late_replies,
        /// Answers with an id that was never sent, or with none. They were thrown away.
        unknown_replies,
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
