pub use alta_socket::State;
use std::sync::Arc;

/// The status of the main websocket's client: [`Client::status`](crate::Client::status) returns it,
/// [`Client::statuses`](crate::Client::statuses) streams it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The state of the connection; with several sockets, that of the worst one.
    pub state: State,
    /// The number of sockets; more than one if the subscriptions exceed
    /// [`subscriptions_per_socket`](crate::Config#structfield.subscriptions_per_socket). After many subscriptions have
    /// ended, the others move together after a while, and unneeded sockets are closed.
    pub sockets: usize,
    /// The last subscription that the server refused permanently, and the server's message.
    pub last_refusal: Option<Arc<str>>,
    /// The last subscription that failed three or more times in a row and has not succeeded since, and the reason. The
    /// client tries it again; it does not delay other subscriptions.
    pub last_failure: Option<Arc<str>>,
    /// The counts since the client was opened.
    pub totals: Totals,
}

/// A status without the counts: a change of it wakes streams of statuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub(crate) state: State,
    pub(crate) sockets: usize,
    pub(crate) last_refusal: Option<Arc<str>>,
    pub(crate) last_failure: Option<Arc<str>>,
    /// The number of migrations that have ended, with success or without.
    pub(crate) migrations: u64,
}

alta_socket::counters! {
    /// Counts since the client was opened.
    pub struct Totals {
        /// Events that arrived, including duplicates.
        events,
        /// Duplicates: events that two sockets delivered, for example during a migration, and that were passed on once.
        duplicates_suppressed,
        /// Subscriptions that were confirmed again after a loss of their connection.
        gaps,
        /// Migrations that succeeded.
        migrations,
        /// Migrations that the server refused or left without a reply, or during which a connection was lost.
        failed_migrations,
        /// Connections that were opened, except by migrations.
        connects,
        /// Replies without a pending request.
        late_replies,
        /// Binary frames, and text frames or parts of them that are not JSON objects. If such a frame may be an event,
        /// its streams yield [`Missed::Undecodable`](crate::Missed::Undecodable).
        malformed,
        /// Errors of the gateway in front of the service, which name no request.
        gateway_errors,
        /// Events without a stream that reads them.
        unclaimed,
        /// Subscriptions that the server refused permanently.
        refused_subscriptions,
        /// Attempts to subscribe or unsubscribe that failed and are repeated.
        failed_attempts,
    }
}
