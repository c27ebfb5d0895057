//! The transitions between the states. A state names its successor, so that the files of the states do not import each other.

use alta_socket::{LinkId, NotConnected};
use std::ops::ControlFlow;
use std::time::Duration;

/// The state stays, or another one follows it.
pub(super) type Flow = ControlFlow<Next>;

/// The state that follows another one.
pub(super) enum Next {
    /// Wait for the backoff, or for the pause that the server requested (`asked`).
    Waiting {
        because: NotConnected,
        asked: Option<Duration>,
    },
    /// This connection is being opened.
    Opening(LinkId),
    /// This connection is open.
    Up(LinkId),
    Closed,
}
