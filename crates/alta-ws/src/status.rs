pub use alta_socket::State;
use std::sync::Arc;

/// The status of the main socket, which [`Client::status`](crate::Client::status) shows and
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
    /// The last subscription that the server refused for good, and its words.
    pub last_refusal: Option<Arc<str>>,
    /// The last subscription that failed three times in a row or more and has not healed since, and why. It is tried
    /// again, and others are not held up.
    pub last_failure: Option<Arc<str>>,
    /// The counts since the client was opened.
    pub totals: Totals,
}

/// A status without the counts: streams of statuses are woken when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub(crate) state: State,
    pub(crate) sockets: usize,
    pub(crate) last_refusal: Option<Arc<str>>,
    pub(crate) last_failure: Option<Arc<str>>,
    /// How many migrations have ended, well or not.
    pub(crate) migrations: u64,
}

alta_socket::counters! {
    /// Counts since the client was opened.
    pub struct Totals {
        /// Events that arrived, duplicates included.
        events,
        /// Events that two sockets delivered, those of a migration for example, and that were passed on once.
        duplicates_suppressed,
        /// Subscriptions that were confirmed again after their connection was lost.
        gaps,
        /// Migrations that succeeded.
        migrations,
        /// Migrations that the server refused or left without a reply, or during which a connection was lost.
        failed_migrations,
        /// Times a socket was connected; a migration is none.
        connects,
        /// Replies that no open request was waiting for.
        late_replies,
        /// Frames that were no JSON objects, or binary, and parts of frames that were none. Where it may have been an event, its
        /// streams were told ([`Missed::Undecodable`](crate::Missed::Undecodable)).
        malformed,
        /// Errors of the gateway in front of the service, which name no request.
        gateway_errors,
        /// Events that nobody was reading.
        unclaimed,
        /// Subscriptions that the server refused for good.
        refused_subscriptions,
        /// Attempts to subscribe or unsubscribe that failed and are repeated.
        failed_attempts,
    }
}
