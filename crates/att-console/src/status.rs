use alta_socket::Counter;
pub use alta_socket::{NotConnected, State};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The state and the counters of a console.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The present state.
    pub state: State,
    /// The number of commands that wait to be sent.
    pub waiting: u64,
    /// The number of commands that were sent and have no reply yet.
    pub in_flight: u64,
    /// The counts since the console was opened.
    pub totals: Totals,
}

alta_socket::counters! {
    /// Counts since the console was opened.
    pub struct Totals {
        /// Received events.
        events,
        /// Received events without a subscription.
        unclaimed,
        /// Commands that were written to the socket.
        commands,
        /// Replies to commands.
        replies,
        /// Dropped replies whose command had already ended, including second replies.
        late_replies,
        /// Dropped replies without an id, or with an id that was never sent.
        unknown_replies,
        /// Skipped frames and parts of frames that could not be read, including binary frames. If such a frame can contain an
        /// event, every stream yields [`Missed::Undecodable`](crate::Missed::Undecodable).
        malformed,
        /// Notices of the server after login.
        notices,
        /// Connections on which the console became ready.
        connects,
        /// Gaps: subscriptions that were lost and then confirmed again.
        gaps,
        /// Subscriptions that the server refused after it had confirmed them on an earlier connection.
        refused_subscriptions,
        /// Failed requests to subscribe or unsubscribe, which are repeated.
        failed_attempts,
    } beside {
        waiting: Counter,
        in_flight: Counter,
        last_received: Mutex<Option<Instant>>,
    }
}

impl Counters {
    /// Records the end of a connection, and the time of its last received frame.
    pub(crate) fn session_ended(&self, last_received: Instant) {
        *self.last_received() = Some(last_received);
    }

    /// The time of the last received frame of the latest connection that has ended.
    pub(crate) fn last_received(&self) -> MutexGuard<'_, Option<Instant>> {
        // Replaced in one step, so a poisoned lock guards a valid value.
        self.last_received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
