use crate::digits::{self, TICKS_PER_SECOND};
use crate::{Error, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const SECONDS_PER_DAY: i64 = 86_400;

/// A .NET time span: `[-][days.]hh:mm:ss[.fraction]`, counted in ticks of 100 ns.
///
/// ```
/// use alta_model::TimeSpan;
///
/// let up: TimeSpan = "7.09:36:59.0452399".parse()?;
/// assert_eq!(up.to_duration().map(|up| up.as_secs()), Some(7 * 86_400 + 9 * 3_600 + 36 * 60 + 59));
/// assert_eq!(up.to_string(), "7.09:36:59.0452399");
/// # Ok::<(), alta_model::Error>(())
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TimeSpan {
    ticks: i64,
}

impl TimeSpan {
    /// A span of zero.
    pub const ZERO: Self = Self { ticks: 0 };

    /// A span of this many ticks of 100 ns.
    pub const fn from_ticks(ticks: i64) -> Self {
        Self { ticks }
    }

    /// The number of ticks of 100 ns.
    pub const fn ticks(self) -> i64 {
        self.ticks
    }

    /// The same span as a `Duration`; none if it is negative.
    pub fn to_duration(self) -> Option<Duration> {
        let ticks = u64::try_from(self.ticks).ok()?;
        let per_second = TICKS_PER_SECOND.unsigned_abs();
        let nanos = u32::try_from(ticks % per_second).ok()? * 100;
        Some(Duration::new(ticks / per_second, nanos))
    }

    /// The span of a `Duration`, cut to 100 ns; none above some 29,000 years.
    pub fn from_duration(duration: Duration) -> Option<Self> {
        i64::try_from(duration.as_nanos() / 100)
            .ok()
            .map(Self::from_ticks)
    }
}

impl fmt::Debug for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = TICKS_PER_SECOND.unsigned_abs();
        let (seconds, ticks) = (
            self.ticks.unsigned_abs() / per_second,
            self.ticks.unsigned_abs() % per_second,
        );
        if self.ticks < 0 {
            f.write_str("-")?;
        }
        if seconds >= 86_400 {
            write!(f, "{}.", seconds / 86_400)?;
        }
        write!(
            f,
            "{:02}:{:02}:{:02}",
            seconds / 3_600 % 24,
            seconds / 60 % 60,
            seconds % 60
        )?;
        if ticks != 0 {
            write!(f, ".{ticks:07}")?;
        }
        Ok(())
    }
}

impl FromStr for TimeSpan {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        usual(text)
            .or_else(|| parse(text))
            .ok_or_else(|| Error::of(ErrorKind::TimeSpan, text))
    }
}

/// Reads a span of less than a day, in the form that servers write. [`parse`] reads every form.
fn usual(text: &str) -> Option<TimeSpan> {
    digits::ticks_of_day(text.as_bytes()).map(TimeSpan::from_ticks)
}

/// The sum has 128 bits, because .NET's smallest span is one tick beyond the negated largest.
fn parse(text: &str) -> Option<TimeSpan> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (head, seconds) = rest.rsplit_once(':')?;
    let (hours, minutes) = head.split_once(':')?;
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));

    let whole = number(days)? * SECONDS_PER_DAY
        + below(hours, 24)? * 3_600
        + below(minutes, 60)? * 60
        + below(seconds, 60)?;
    let fraction = i128::from(fraction_ticks(fraction)?);
    let ticks = sign * (i128::from(whole) * i128::from(TICKS_PER_SECOND) + fraction);
    i64::try_from(ticks).ok().map(TimeSpan::from_ticks)
}

fn number(digits: &str) -> Option<i64> {
    // Eleven digits are more than any valid span has; the bound keeps the sum from overflowing.
    if !(1..=11).contains(&digits.len()) {
        return None;
    }
    digits.bytes().try_fold(0, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        Some(number * 10 + digit)
    })
}

fn below(digits: &str, limit: i64) -> Option<i64> {
    number(digits).filter(|value| *value < limit)
}

/// A fraction of more than seven digits is cut.
fn fraction_ticks(digits: &str) -> Option<i64> {
    number(digits)?;
    let cut = digits.get(..digits.len().min(7))?;
    let scale = 10_i64.pow(7 - u32::try_from(cut.len()).ok()?);
    Some(number(cut)? * scale)
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = TimeSpan;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time span as [-][days.]hh:mm:ss[.fraction]")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TimeSpan, E> {
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
        fn any_span_survives_a_round_trip(ticks: i64) {
            let span = TimeSpan::from_ticks(ticks);
            prop_assert_eq!(span.to_string().parse::<TimeSpan>().unwrap(), span);
        }

        #[test]
        fn any_string_is_a_span_or_an_error_and_never_a_panic(text in "[-0-9:.é]{0,30}") {
            let _ = text.parse::<TimeSpan>();
        }

        #[test]
        fn the_usual_form_is_read_like_any_other(text in "[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,9})?|[-0-9:.]{8,16}") {
            let usual = usual(&text);
            prop_assert!(usual.is_none() || usual == parse(&text), "{text}: {usual:?}");
        }
    }

    #[test]
    fn a_span_is_written_as_it_was_read() {
        for text in [
            "00:00:00",
            "00:46:31.9191574",
            "7.09:36:59.0452399",
            "33.17:26:55.2693549",
            "-00:00:01.5000000",
            "-1.00:00:00",
            "10675199.02:48:05.4775807",
            "-10675199.02:48:05.4775808",
        ] {
            let span: TimeSpan = text.parse().unwrap();
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn a_short_fraction_counts_from_the_left() {
        assert_eq!(
            "00:00:01.5".parse::<TimeSpan>().unwrap().ticks(),
            15_000_000
        );
        assert_eq!("00:00:00.0000001".parse::<TimeSpan>().unwrap().ticks(), 1);
    }

    #[test]
    fn an_invalid_span_is_an_error() {
        for text in [
            "",
            "-",
            "5",
            "00:00",
            "24:00:00",
            "00:60:00",
            "00:00:60",
            "1.2.3:00:00",
            "00:00:00.",
            "a:00:00",
            "+1:00:00",
            "00:00:-1",
            "10675199.02:48:05.4775808",
            "99999999999.00:00:00",
            "1:00:00:00",
            "00:00:00.é",
        ] {
            let error = text.parse::<TimeSpan>().unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::TimeSpan, "{text}");
            assert!(error.to_string().contains("not a time span"), "{error}");
        }
    }

    #[test]
    fn std_durations_are_converted_both_ways_without_loss_of_ticks() {
        let span: TimeSpan = "7.09:36:59.0452399".parse().unwrap();
        let duration = span.to_duration().unwrap();
        assert_eq!(duration, Duration::new(639_419, 45_239_900));
        assert_eq!(TimeSpan::from_duration(duration), Some(span));
        assert_eq!(TimeSpan::from_ticks(-1).to_duration(), None);
        assert_eq!(TimeSpan::from_duration(Duration::MAX), None);
    }
}
