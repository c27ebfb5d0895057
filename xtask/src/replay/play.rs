//! The interface that a replay uses, and its timeouts.

use crate::Error;
use std::future::Future;
use std::time::Duration;

/// A replay that takes longer fails.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The interface of the client that is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Play {
    /// Commands as strings, events by name; replies and events as JSON.
    Raw,
    /// Typed commands, results and events.
    Typed,
}

/// Waits for a future with a timeout; the error names the missing result.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(TIMEOUT / 2, future)
        .await
        .map_err(|_| format!("{what}: no result within the timeout").into())
}
