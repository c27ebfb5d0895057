//! Times of day and cron expressions, in a time zone.

use alta_model::Timestamp;
use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan as _};

/// The name of the time zone of the machine.
const LOCAL: &str = "local";

/// After this, no occurrence is computed: the year 9900, near the largest time of the clocks.
const LAST_SECOND: i64 = 250_245_000_000;

/// The occurrences of a time of day or of a cron expression.
#[derive(Clone, Debug)]
pub(super) enum Calendar {
    Daily { time: Time, zone: TimeZone },
    Cron(Box<Crontab>),
}

impl Calendar {
    /// Parses `12:00`, `12:00:30` or `12:00 Europe/Berlin`.
    pub(super) fn daily(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let time = words.next().and_then(time_of_day);
        let time = time
            .ok_or_else(|| format!("{text:?} does not begin with a time of day such as 12:00"))?;
        let zone = match words.next() {
            None => TimeZone::UTC,
            Some(zone) if zone.eq_ignore_ascii_case(LOCAL) => TimeZone::system(),
            Some(zone) => TimeZone::get(zone).map_err(|_| {
                format!(
                    "{zone:?} is not a known time zone; write one such as Europe/Berlin, or local"
                )
            })?,
        };
        match words.next() {
            None => Ok(Self::Daily { time, zone }),
            Some(more) => Err(format!("{text:?} has {more:?} after the time zone")),
        }
    }

    /// Parses `minute hour day-of-month month day-of-week`, with a time zone behind it.
    pub(super) fn cron(text: &str) -> Result<Self, String> {
        let mut options = ParseOptions::default();
        options.fallback_timezone_option = FallbackTimezoneOption::UTC;
        let mut expression = text.trim();
        if let Some((fields, zone)) = expression.rsplit_once(char::is_whitespace)
            && zone.eq_ignore_ascii_case(LOCAL)
        {
            expression = fields;
            options.fallback_timezone_option = FallbackTimezoneOption::System;
        }
        let cron = cronexpr::parse_crontab_with(expression, options);
        let cron = cron.map_err(|error| {
            let error = error.to_string();
            // Its lines before are the expression, and its last one has a mark below the place.
            let reason = error.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches([' ', '^']);
            format!("{text:?} is not a cron expression: {reason}")
        })?;
        let calendar = Self::Cron(Box::new(cron));
        match calendar.next_after(Timestamp::now()) {
            Some(_) => Ok(calendar),
            None => Err(format!("{text:?} names no day of the next four years")),
        }
    }

    /// The first occurrence after this time; `None` if there is none in the next years.
    pub(super) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let second = after.unix_seconds();
        if second > LAST_SECOND {
            return None;
        }
        // Occurrences are whole seconds, so a fraction of `after` does not matter.
        let after = Instant::from_second(second).ok()?;
        let next = match self {
            Self::Daily { time, zone } => next_day(*time, zone, after)?,
            Self::Cron(cron) => cron.find_next(MakeTimestamp(after)).ok()?.timestamp(),
        };
        Timestamp::from_unix_seconds(next.as_second())
    }
}

/// A time of day that the zone skips is later by the skipped time; one that the zone repeats is the first of both. So each day
/// has one occurrence.
fn next_day(time: Time, zone: &TimeZone, after: Instant) -> Option<Instant> {
    let today = after.to_zoned(zone.clone()).date();
    (-1..=2).find_map(|days: i64| {
        let day = today.checked_add(days.days()).ok()?;
        let at = zone.to_ambiguous_zoned(day.to_datetime(time)).compatible();
        Some(at.ok()?.timestamp()).filter(|at| *at > after)
    })
}

fn time_of_day(text: &str) -> Option<Time> {
    let mut numbers = text.split(':').map(|part| {
        let is_number = (1..=2).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit());
        is_number.then(|| part.parse::<i8>().ok()).flatten()
    });
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().map_or(Some(0), |second| second)?;
    if numbers.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}
