//! Durations of the command line.

use std::time::Duration;

/// A year.
const LONGEST: Duration = Duration::from_hours(365 * 24);

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

/// A positive duration with its unit: `1h`, `10m`, `30s`.
pub(crate) fn in_units(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let units = [("h", 3_600), ("m", 60), ("s", 1)];
    let split = units.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*seconds)
    });
    match split.map(Duration::from_secs) {
        Some(duration) if !duration.is_zero() && duration <= LONGEST => Ok(duration),
        Some(_) => Err("must be more than 0 seconds and at most a year".to_owned()),
        None => Err("must be a number with a unit, such as 1h, 10m or 30s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        for (text, expected) in [("30s", 30), ("10m", 600), (" 2h", 7_200)] {
            assert_eq!(in_units(text), Ok(Duration::from_secs(expected)), "{text}");
        }
        for text in ["10", "m", "-1m", "1.5h", "0s", "9999999h", "5 minutes", ""] {
            assert!(in_units(text).is_err(), "{text}");
        }
    }
}
