//! The clock of the runtime.

use std::time::Duration;
use tokio::time::Instant;

/// The current instant, in the type that machines take.
pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// The instant at which this much time has passed; any duration is accepted.
pub(crate) fn after(pause: Duration) -> Instant {
    alta_socket::deadline_after(now(), pause).into()
}

/// Waits until this instant; without one, forever. Cancel safe.
pub(crate) async fn sleep_until(at: Option<impl Into<Instant>>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
