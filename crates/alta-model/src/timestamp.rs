use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jiff::{civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, ErrorKind};

/// Nanoseconds in a .NET tick, the resolution of the servers' clocks.
const TICK: i128 = 100;

/// A point in time as the servers write it: UTC, ISO 8601, to 100 ns.
///
/// Read with 0 to 7 fraction digits (more are cut) and with `Z`, an offset, or neither, which counts as UTC. Written with
/// `Z` and as many fraction digits as needed, the way .NET does, so that what was read is written again unchanged.
///
/// ```
/// use alta_model::Timestamp;
///
/// let time: Timestamp = "2022-05-15T19:36:30.82Z".parse()?;
/// assert_eq!(time.to_string(), "2022-05-15T19:36:30.82Z");
/// assert_eq!(time.unix_seconds(), 1_652_643_390);
/// # Ok::<(), alta_model::Error>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// 1 January 1970, midnight UTC.
    pub const UNIX_EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The present, by the system's clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// The point that lies this many seconds after [`UNIX_EPOCH`](Self::UNIX_EPOCH), as token claims count; none
    /// outside the years -9999 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        jiff::Timestamp::from_second(seconds).ok().map(Self)
    }

    /// Whole seconds since [`UNIX_EPOCH`](Self::UNIX_EPOCH); negative before it.
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second() - i64::from(self.0.subsec_nanosecond() < 0)
    }

    /// The time that passed from `earlier` to this, or zero if `earlier` is the later one.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        let nanos = self.0.as_nanosecond() - earlier.0.as_nanosecond();
        duration(nanos.max(0))
    }

    /// This point moved into the future; none beyond the year 9999.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let moved = self
            .0
            .as_nanosecond()
            .checked_add_unsigned(duration.as_nanos())?;
        Self::from_nanoseconds(moved)
    }

    /// This point moved into the past; none before the year -9999.
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        let moved = self
            .0
            .as_nanosecond()
            .checked_sub_unsigned(duration.as_nanos())?;
        Self::from_nanoseconds(moved)
    }

    /// Cuts to whole ticks, so that equality survives being written and read.
    fn from_nanoseconds(nanos: i128) -> Option<Self> {
        jiff::Timestamp::from_nanosecond(nanos - nanos.rem_euclid(TICK))
            .ok()
            .map(Self)
    }
}

fn duration(nanos: i128) -> Duration {
    let nanos = nanos.unsigned_abs();
    // The span between any two timestamps is some 6 * 10^11 seconds.
    Duration::new(
        u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX),
        (nanos % 1_000_000_000) as u32,
    )
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = TimeZone::UTC.to_datetime(self.0);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second()
        )?;
        let ticks = time.subsec_nanosecond() / 100;
        if ticks != 0 {
            let digits = format!("{ticks:07}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error::new(ErrorKind::Timestamp, text);
        let time = match text.parse::<jiff::Timestamp>() {
            Ok(time) => time,
            // .NET leaves the offset out of a date whose kind was lost; they are all UTC.
            Err(source) => text
                .parse::<DateTime>()
                .and_then(|civil| TimeZone::UTC.to_timestamp(civil))
                .map_err(|_| error().caused_by(source))?,
        };
        Self::from_nanoseconds(time.as_nanosecond()).ok_or_else(error)
    }
}

/// Cut to 100 ns; beyond the years -9999 and 9999 the nearest end.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::UNIX_EPOCH
                .checked_add(after)
                .unwrap_or(Self(jiff::Timestamp::MAX)),
            Err(before) => Self::UNIX_EPOCH
                .checked_sub(before.duration())
                .unwrap_or(Self(jiff::Timestamp::MIN)),
        }
    }
}

/// A point that the platform cannot represent (Windows: before 1601) becomes [`UNIX_EPOCH`].
impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let nanos = time.0.as_nanosecond();
        let moved = if nanos < 0 {
            UNIX_EPOCH.checked_sub(duration(nanos))
        } else {
            UNIX_EPOCH.checked_add(duration(nanos))
        };
        moved.unwrap_or(UNIX_EPOCH)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a point in time in ISO 8601")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse()
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_time_of_the_common_era_survives_being_written_and_read(
            seconds in -62_135_596_800_i64..253_402_300_799,
            nanos in 0_u32..1_000_000_000,
        ) {
            let time = Timestamp::from_unix_seconds(seconds)
                .and_then(|time| time.checked_add(Duration::from_nanos(nanos.into())))
                .unwrap();
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
            prop_assert_eq!(time.unix_seconds(), seconds);
        }
    }

    fn parse(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn zero_to_seven_fraction_digits_are_written_as_they_were_read() {
        for text in [
            "2022-02-27T22:04:24Z",
            "2022-05-15T19:36:30.8Z",
            "2022-05-15T19:36:30.82Z",
            "2021-06-14T23:48:30.393Z",
            "2021-06-14T23:48:08.76632Z",
            "2023-07-01T18:23:32.709941Z",
            "2022-02-27T22:04:24.5444317Z",
            "2022-02-27T22:04:24.0000001Z",
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59.9999999Z",
        ] {
            assert_eq!(parse(text).to_string(), text);
            let json = format!("{text:?}");
            let time: Timestamp = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&time).unwrap(), json);
        }
    }

    #[test]
    fn an_offset_is_applied_and_a_missing_one_counts_as_utc() {
        let time = parse("2022-02-27T22:04:24Z");
        assert_eq!(parse("2022-02-27T23:04:24+01:00"), time);
        assert_eq!(parse("2022-02-27T22:04:24"), time);
        assert_eq!(parse("2022-02-27T22:04:24.000"), time);
    }

    #[test]
    fn finer_digits_are_cut_to_a_tick() {
        assert_eq!(
            parse("2022-02-27T22:04:24.123456789Z").to_string(),
            "2022-02-27T22:04:24.1234567Z"
        );
        assert_eq!(
            parse("1969-12-31T23:59:59.999999999Z").to_string(),
            "1969-12-31T23:59:59.9999999Z"
        );
    }

    #[test]
    fn what_is_no_time_is_an_error_with_the_text() {
        for text in ["", "yesterday", "2022-13-01T00:00:00Z", "12:00:00"] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timestamp);
            assert!(error.to_string().contains(text));
        }
    }

    #[test]
    fn system_time_is_converted_both_ways() {
        for text in ["2022-02-27T22:04:24.5444317Z", "1969-07-20T20:17:40.5Z"] {
            let system: SystemTime = parse(text).into();
            assert_eq!(Timestamp::from(system).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_does_not_wrap() {
        let time = parse("2022-02-27T22:04:24Z");
        let later = time.checked_add(Duration::from_millis(1_500)).unwrap();
        assert_eq!(later.to_string(), "2022-02-27T22:04:25.5Z");
        assert_eq!(
            later.saturating_duration_since(time),
            Duration::from_millis(1_500)
        );
        assert_eq!(time.saturating_duration_since(later), Duration::ZERO);
        assert_eq!(later.checked_sub(Duration::from_millis(1_500)), Some(time));
        assert_eq!(time.checked_add(Duration::MAX), None);
        assert_eq!(time.checked_sub(Duration::MAX), None);
        assert_eq!(parse("1969-12-31T23:59:59.5Z").unix_seconds(), -1);
    }
}
