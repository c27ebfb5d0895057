//! Durations of the command line.

use std::time::Duration;

/// A year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3_600);

/// A positive duration in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "must be a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && duration <= LONGEST => Ok(duration),
        _ => Err("must be more than 0 seconds and at most a year".to_owned()),
    }
}
