use alta_model::Timestamp;
use std::time::{Duration, Instant, SystemTime};

/// The wall-clock time of a moment that a machine noted on the monotonic clock, given that it is `now` now.
///
/// Machines reckon in [`Instant`]s; users want times they can write down or compare with the server's.
pub fn wall_time(moment: Instant, now: Instant) -> SystemTime {
    let wall_now = SystemTime::now();
    wall_now
        .checked_sub(now.saturating_duration_since(moment))
        .unwrap_or(wall_now)
}

/// The moment on the monotonic clock of a time that is past, given that it is `now` now; the present for one that is not.
pub(crate) fn instant_of(time: Timestamp, now: Instant) -> Instant {
    let ago = Timestamp::now().saturating_duration_since(time);
    // A clock that has not run for so long cannot say: then it is as early as it can say.
    now.checked_sub(ago).unwrap_or(now)
}

/// Long after every program has ended, and still within what clocks can reckon with.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 3_600);

/// `after` from now; however long that is, it is a moment that clocks can reckon with.
pub fn later(now: Instant, after: Duration) -> Instant {
    now + after.min(NEVER)
}
