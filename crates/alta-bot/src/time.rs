//! The clock that tasks wait by.

use std::time::Duration;
use tokio::time::Instant;

/// The present, as machines without I/O take it.
pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// So much later; however much that is, it can be waited for.
pub(crate) fn after(pause: Duration) -> Instant {
    alta_socket::later(now(), pause).into()
}

/// Waits until then; for ever, if there is no such moment. Cancel safe.
pub(crate) async fn sleep_until(at: Option<impl Into<Instant>>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
