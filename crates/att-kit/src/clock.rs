//! The clock of the runtime.

use std::future::pending;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Longer than any program runs, and short enough for the arithmetic of clocks.
pub(crate) const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 3_600);

/// The instant at which this much time has passed; any duration is accepted.
pub(crate) fn deadline_after(pause: Duration) -> Instant {
    deadline_from(Instant::now(), pause)
}

/// The instant that comes this much later; any duration is accepted.
pub(crate) fn deadline_from(instant: Instant, pause: Duration) -> Instant {
    instant + pause.min(NEVER)
}

/// Waits until this instant; forever without one. Cancel safe.
pub(crate) async fn due(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
