use alta_model::Timestamp;
use std::time::{Duration, Instant, SystemTime};

/// The wall-clock time of an instant of the monotonic clock, computed from the present instant `now`.
///
/// Machines use [`Instant`]s; users need times that they can store or compare with the server's.
pub fn wall_time(moment: Instant, now: Instant) -> SystemTime {
    let wall_now = SystemTime::now();
    wall_now
        .checked_sub(now.saturating_duration_since(moment))
        .unwrap_or(wall_now)
}

/// The instant of a wall-clock time in the past, computed from the present instant `now`; `now` for a time in the future.
pub(crate) fn instant_of(time: Timestamp, now: Instant) -> Instant {
    let ago = Timestamp::now().saturating_duration_since(time);
    // Before the monotonic clock's start: the earliest instant that it can represent.
    now.checked_sub(ago).unwrap_or(now)
}

/// Longer than any program runs, and within the range of the clock.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 3_600);

/// The instant `after` from `now`, limited to the range of the clock.
pub fn deadline_after(now: Instant, after: Duration) -> Instant {
    now + after.min(NEVER)
}
