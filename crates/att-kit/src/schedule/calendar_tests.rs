use super::calendar::Calendar;
use alta_model::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The next occurrences, without the seconds.
fn next(calendar: &Calendar, after: &str, count: usize) -> Vec<String> {
    let mut after = at(after);
    let mut found = Vec::new();
    for _ in 0..count {
        after = calendar.next_after(after).unwrap();
        found.push(after.to_string().replace(":00Z", ""));
    }
    found
}

/// Central Europe, by its rule: independent of the data base of the machine.
fn berlin(time: &str) -> Calendar {
    let Ok(Calendar::Daily { time, .. }) = Calendar::daily(time) else {
        panic!("a time of day");
    };
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    Calendar::Daily { time, zone }
}

#[test]
fn a_time_of_day_is_in_utc_or_in_a_zone() {
    let noon = Calendar::daily("12:00").unwrap();
    let days = ["2026-11-28T12:00", "2026-11-29T12:00"];
    assert_eq!(next(&noon, "2026-11-28T11:59:59.5Z", 2), days);
    assert_eq!(next(&noon, "2026-11-28T12:00:00Z", 1), ["2026-11-29T12:00"]);
    assert_eq!(
        next(&berlin("12:00"), "2026-11-28T10:00:00Z", 1),
        ["2026-11-28T11:00"]
    );
    let seconds = Calendar::daily("7:05:30 utc").unwrap();
    assert_eq!(
        next(&seconds, "2026-11-28T00:00:00Z", 1),
        ["2026-11-28T07:05:30Z"]
    );
    assert!(Calendar::daily("12:00 local").is_ok());
}

#[test]
fn a_day_has_one_occurrence_when_the_clocks_change() {
    // 2:30 does not exist on the last Sunday of March, and exists twice on that of October.
    let spring = ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"];
    assert_eq!(next(&berlin("2:30"), "2026-03-27T12:00:00Z", 3), spring);
    let autumn = ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"];
    assert_eq!(next(&berlin("2:30"), "2026-10-23T12:00:00Z", 3), autumn);
}

#[test]
fn a_cron_expression_is_in_utc_or_in_the_zone_behind_it() {
    let weekends = Calendar::cron("*/30 18 * * SAT,SUN").unwrap();
    let expected = ["2026-11-28T18:00", "2026-11-28T18:30", "2026-11-29T18:00"];
    assert_eq!(next(&weekends, "2026-11-26T00:00:00Z", 3), expected);
    assert!(Calendar::cron("0 12 * * * LOCAL").is_ok());
    assert!(Calendar::cron("0 12 * * * UTC").is_ok());
}

#[test]
fn an_invalid_time_is_an_error_that_names_it() {
    for text in [
        "",
        "noon",
        "25:00",
        "12:60",
        "12",
        "12:00:61",
        "12:00:00:00",
        "+1:00",
        "12:00 UTC now",
        "012:00",
    ] {
        let error = Calendar::daily(text).unwrap_err();
        assert!(error.contains(&format!("{text:?}")), "{error}");
    }
    let error = Calendar::daily("12:00 Middle/Earth").unwrap_err();
    assert!(
        error.contains("Middle/Earth") && error.contains("Europe/Berlin"),
        "{error}"
    );
    for text in [
        "",
        "* * * *",
        "61 * * * *",
        "0 0 30 2 *",
        "* * * * * Middle/Earth",
        "local",
    ] {
        let error = Calendar::cron(text).unwrap_err();
        assert!(!error.contains(['\n', '^']), "{error}");
        assert!(error.contains(&format!("{text:?}")), "{error}");
    }
}

#[test]
fn the_end_of_time_has_no_occurrence() {
    for calendar in [Calendar::daily("12:00"), Calendar::cron("0 12 * * *")] {
        assert_eq!(calendar.unwrap().next_after(Timestamp::MAX), None);
    }
}

proptest! {
    /// For all times and zones: the next occurrence is later, by at most two days, and consecutive occurrences are about
    /// a day apart.
    #[test]
    fn a_time_of_day_occurs_once_a_day(second in 0..4_000_000_000_i64, hour in 0..24_u8, minute in 0..60_u8) {
        let calendar = berlin(&format!("{hour}:{minute:02}"));
        let after = Timestamp::from_unix_seconds(second).unwrap();
        let first = calendar.next_after(after).unwrap();
        prop_assert!(first > after);
        prop_assert!(first.unix_seconds() - second <= 25 * 3_600);
        let next = calendar.next_after(first).unwrap();
        let apart = next.unix_seconds() - first.unix_seconds();
        prop_assert!((23 * 3_600..=25 * 3_600).contains(&apart), "{apart}");
    }
}
