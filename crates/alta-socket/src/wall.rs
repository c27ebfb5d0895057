use std::time::{Instant, SystemTime};

/// The wall-clock time of a moment that a machine noted on the monotonic clock, given that it is `now` now.
///
/// Machines reckon in [`Instant`]s; users want times they can write down or compare with the server's.
pub fn wall_time(moment: Instant, now: Instant) -> SystemTime {
    let wall_now = SystemTime::now();
    wall_now
        .checked_sub(now.saturating_duration_since(moment))
        .unwrap_or(wall_now)
}
