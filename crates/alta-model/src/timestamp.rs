use crate::digits::{self, TICKS_PER_SECOND};
use crate::{Error, ErrorKind};
use jiff::SignedDuration;
use jiff::civil::{DateTime, Time, date};
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const NANOS_PER_TICK: i128 = 100;
const SECONDS_PER_DAY: i64 = 86_400;

/// 1 January 1970, midnight.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// A point in time in the format of the servers: UTC, ISO 8601, in ticks of 100 ns, from year 1 to year 9999 as in .NET.
///
/// It is read with 0 to 7 fraction digits (more are cut) and with `Z`, an offset, or neither, which counts as UTC. Midnight may
/// be `24:00:00`, a leap second counts as the second before it, and a time that an offset moves out of the range becomes the
/// nearest end. It is written with `Z` and as many fraction digits as needed, as in .NET, so that a round trip changes
/// nothing, also for .NET's smallest and largest time, which mean "never".
///
/// ```
/// use alta_model::Timestamp;
///
/// let time: Timestamp = "2022-05-15T19:36:30.82Z".parse()?;
/// assert_eq!(time.to_string(), "2022-05-15T19:36:30.82Z");
/// assert_eq!(time.unix_seconds(), 1_652_643_390);
///
/// let never: Timestamp = "9999-12-31T23:59:59.9999999".parse()?;
/// assert_eq!(never, Timestamp::MAX);
/// # Ok::<(), alta_model::Error>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp {
    /// Ticks since [`EPOCH`].
    ticks: i64,
}

impl Timestamp {
    /// 1 January 1970, midnight UTC.
    pub const UNIX_EPOCH: Self = Self { ticks: 0 };

    /// The first point that can be represented, 1 January of year 1.
    pub const MIN: Self = Self {
        ticks: -62_135_596_800 * TICKS_PER_SECOND,
    };

    /// The last point that can be represented, 100 ns before the year 10000.
    pub const MAX: Self = Self {
        ticks: 253_402_300_800 * TICKS_PER_SECOND - 1,
    };

    /// The current time of the system's clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// The point this many seconds after [`UNIX_EPOCH`](Self::UNIX_EPOCH), as token claims count; none
    /// outside the years 1 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        Self::from_ticks(i128::from(seconds) * i128::from(TICKS_PER_SECOND))
    }

    /// Whole seconds since [`UNIX_EPOCH`](Self::UNIX_EPOCH); negative before it.
    pub fn unix_seconds(self) -> i64 {
        self.ticks.div_euclid(TICKS_PER_SECOND)
    }

    /// The time from `earlier` to this point, or zero if `earlier` is later.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        let ticks = self.ticks.saturating_sub(earlier.ticks);
        duration(ticks.max(0).unsigned_abs())
    }

    /// This point moved into the future; none beyond the year 9999.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        Self::from_nanoseconds(
            self.nanoseconds()
                .checked_add_unsigned(duration.as_nanos())?,
        )
    }

    /// This point moved into the past; none before the year 1.
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        Self::from_nanoseconds(
            self.nanoseconds()
                .checked_sub_unsigned(duration.as_nanos())?,
        )
    }

    fn nanoseconds(self) -> i128 {
        i128::from(self.ticks) * NANOS_PER_TICK
    }

    /// Cuts to whole ticks, so that equality survives a round trip.
    fn from_nanoseconds(nanos: i128) -> Option<Self> {
        Self::from_ticks(nanos.div_euclid(NANOS_PER_TICK))
    }

    fn from_ticks(ticks: i128) -> Option<Self> {
        let time = Self {
            ticks: i64::try_from(ticks).ok()?,
        };
        (Self::MIN..=Self::MAX).contains(&time).then_some(time)
    }

    /// The nearest end of the range if it lies outside.
    fn saturating_from(nanos: i128) -> Self {
        let end = if nanos < 0 { Self::MIN } else { Self::MAX };
        Self::from_nanoseconds(nanos).unwrap_or(end)
    }
}

fn duration(ticks: u64) -> Duration {
    let per_second = TICKS_PER_SECOND.unsigned_abs();
    let ticks_of_second = u32::try_from(ticks % per_second).unwrap_or_default();
    Duration::new(ticks / per_second, ticks_of_second * 100)
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = SignedDuration::from_secs(self.unix_seconds());
        // Both are well within the civil range.
        let time = EPOCH.checked_add(since).unwrap_or(EPOCH);
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
        let ticks = self.ticks.rem_euclid(TICKS_PER_SECOND);
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
        usual(text).map_or_else(|| general(text), Ok)
    }
}

/// Reads the form that servers usually write, with `Z` and at most seven fraction digits. [`general`] reads the others, and the
/// invalid ones.
fn usual(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.as_bytes().split_first_chunk()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T'] = *date else {
        return None;
    };
    let year = digits::two(y0, y1)? * 100 + digits::two(y2, y3)?;
    let days = days_since_epoch(year, digits::two(m0, m1)?, digits::two(d0, d1)?)?;
    let ticks = days * SECONDS_PER_DAY * TICKS_PER_SECOND + digits::ticks_of_day(time)?;
    Timestamp::from_ticks(ticks.into())
}

/// The days from [`EPOCH`] to a date of the Gregorian calendar; none for a date that does not exist.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    const MARCH_OF_YEAR_0: i64 = -719_468;

    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap_year),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if year < 1 || day < 1 || day > length {
        return None;
    }
    // The years begin in March here, so that a leap day is the last day of a year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    // The lengths of the months from March to January repeat after five months of 153 days.
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year / 4 - year / 100 + year / 400;
    Some(MARCH_OF_YEAR_0 + 365 * year + leap_days + day_of_year)
}

/// Reads every form.
fn general(text: &str) -> Result<Timestamp, Error> {
    parse(text)
        .or_else(|source| end_of_day(text).ok_or(source))
        .map(Timestamp::saturating_from)
        .map_err(|source| Error::of(ErrorKind::Timestamp, text).caused_by(source))
}

/// Nanoseconds since [`EPOCH`].
fn parse(text: &str) -> Result<i128, jiff::Error> {
    let pieces = Pieces::parse(text)?;
    let time = pieces.time().unwrap_or(Time::midnight());
    let civil = pieces.date().to_datetime(time).duration_since(EPOCH);
    // .NET omits the offset of a date of unspecified kind; all of them are UTC.
    let offset = pieces
        .to_numeric_offset()
        .map_or(0, jiff::tz::Offset::seconds);
    Ok((civil - SignedDuration::from_secs(offset.into())).as_nanos())
}

/// The midnight that ends a day.
fn end_of_day(text: &str) -> Option<i128> {
    let start = text.replacen("T24:00:00", "T00:00:00", 1);
    let is_midnight = start != text && Pieces::parse(&start).ok()?.time() == Some(Time::midnight());
    let start = parse(&start).ok().filter(|_| is_midnight)?;
    Some(start + SignedDuration::from_secs(SECONDS_PER_DAY).as_nanos())
}

/// Cut to 100 ns; beyond the years 1 and 9999 the nearest end.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::UNIX_EPOCH.checked_add(after).unwrap_or(Self::MAX),
            Err(before) => Self::UNIX_EPOCH
                .checked_sub(before.duration())
                .unwrap_or(Self::MIN),
        }
    }
}

/// A point that the platform cannot represent (Windows: before 1601) becomes [`UNIX_EPOCH`].
impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let away = duration(time.ticks.unsigned_abs());
        let moved = if time.ticks < 0 {
            UNIX_EPOCH.checked_sub(away)
        } else {
            UNIX_EPOCH.checked_add(away)
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
    use super::*;
    use proptest::prelude::*;

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

        #[test]
        fn the_usual_form_is_read_like_any_other(
            (year, month, day) in (0..10_000, 0..14, 0..33),
            (hour, minute, second) in (0..26, 0..62, 0..62),
            fraction in "|\\.[0-9]{0,9}",
            zone in "Z|z||\\+01:00",
            change in prop::option::weighted(0.1, (0_usize..19, "[ 0-9T:./-]")),
        ) {
            let mut text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
            );
            if let Some((at, letter)) = change {
                text.replace_range(at..=at, &letter);
            }
            let usual = usual(&text);
            prop_assert!(usual.is_none() || usual == general(&text).ok(), "{text}: {usual:?}");
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
    fn dot_nets_first_and_last_time_survive_and_an_offset_beyond_them_saturates() {
        for (text, time) in [
            ("9999-12-31T23:59:59.9999999Z", Timestamp::MAX),
            ("0001-01-01T00:00:00Z", Timestamp::MIN),
        ] {
            assert_eq!(parse(text), time);
            assert_eq!(time.to_string(), text);
            assert_eq!(parse(text.trim_end_matches('Z')), time);
            assert_eq!(parse(&text.replace('Z', "+00:00")), time);
        }
        assert_eq!(parse("9999-12-31T23:59:59.9999999-05:00"), Timestamp::MAX);
        assert_eq!(parse("9999-12-31T23:59:59.999999999Z"), Timestamp::MAX);
        assert_eq!(parse("0001-01-01T00:00:00+02:00"), Timestamp::MIN);
        let within = parse("9999-12-31T23:59:59.9999999+02:00");
        assert_eq!(within.to_string(), "9999-12-31T21:59:59.9999999Z");
        let since = Timestamp::MAX.saturating_duration_since(Timestamp::MIN);
        assert_eq!(since.as_secs(), 315_537_897_599);
        assert_eq!(Timestamp::MAX.checked_add(Duration::from_nanos(100)), None);
    }

    #[test]
    fn the_end_of_a_day_and_a_leap_second_are_read() {
        for (text, time) in [
            ("2022-02-28T24:00:00Z", "2022-03-01T00:00:00Z"),
            ("2022-12-31T24:00:00.0000000", "2023-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("9999-12-31T24:00:00", "9999-12-31T23:59:59.9999999Z"),
        ] {
            assert_eq!(parse(text).to_string(), time, "{text}");
        }
        for text in [
            "2022-02-28T24:00:01Z",
            "2022-02-28T24:30:00Z",
            "2022-02-28T24:00:00.5Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
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
    fn an_invalid_time_is_an_error_with_the_string() {
        for text in ["", "yesterday", "2022-13-01T00:00:00Z", "12:00:00"] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Timestamp);
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
