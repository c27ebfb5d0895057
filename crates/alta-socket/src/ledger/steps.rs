//! The inputs and results of the ledger.

use std::time::Instant;

/// The server's side of a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Held {
    /// It is not held.
    #[default]
    No,
    /// It is held.
    Yes,
    /// A request got no clear reply: the server may hold it.
    Unknown,
    /// The server refused it. It is not requested until a new stream wants it.
    Refused,
}

/// The loss of a subscription that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The time of the last bytes from the lost connection.
    pub since: Instant,
    /// The time at which the loss was noticed. A stream that began later has missed nothing.
    pub noticed: Instant,
}

/// The time in which events of a subscription may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The time of the last bytes from the lost connection.
    pub since: Instant,
    /// The time at which the loss was noticed. A stream that began later has missed nothing.
    pub noticed: Instant,
    /// The time at which the server confirmed the subscription again.
    pub until: Instant,
}

impl Gap {
    /// The gap that a loss leaves, once the subscription is confirmed.
    pub fn after(loss: Loss, until: Instant) -> Self {
        Self {
            since: loss.since,
            noticed: loss.noticed,
            until,
        }
    }
}

/// The next step for a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<K> {
    /// Subscribe.
    Subscribe {
        /// The subscription.
        key: K,
        /// The time of the first request, if earlier ones timed out.
        since: Instant,
    },
    /// Unsubscribe.
    Unsubscribe {
        /// The subscription.
        key: K,
        /// The time of the first request, if earlier ones timed out.
        since: Instant,
    },
    /// It is neither wanted nor held: the ledger has dropped its entry.
    Forgotten(K),
}

/// The state of a subscription when a new stream wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// It is held, so it can be confirmed at once.
    pub is_held: bool,
    /// It has become due.
    pub is_due: bool,
}

/// A confirmation by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The time in which its events may be missing.
    pub gap: Option<Gap>,
    /// It is still wanted.
    pub is_wanted: bool,
}

/// The consequences of a lost connection.
#[derive(Debug)]
pub struct Disconnected<K> {
    /// Wanted subscriptions that were held.
    pub interrupted: Vec<K>,
    /// Subscriptions that are not wanted: their entries are dropped.
    pub forgotten: Vec<K>,
}
