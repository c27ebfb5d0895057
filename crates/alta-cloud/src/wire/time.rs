//! The forms of times on the wire.

use jiff::Timestamp;
use std::time::Duration;

/// Formats a time as consoles do: UTC, at most six fraction digits, no trailing zeros.
pub fn console_time(time: Timestamp) -> String {
    without_trailing_zeros(&format!("{time:.6}"))
}

/// Formats a time as REST does: UTC, at most three fraction digits, no trailing zeros.
pub(crate) fn rest_time(time: Timestamp) -> String {
    without_trailing_zeros(&format!("{time:.3}"))
}

fn without_trailing_zeros(text: &str) -> String {
    let text = text.trim_end_matches('Z');
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    };
    format!("{text}Z")
}

/// Formats a duration as .NET does: `[days.]hh:mm:ss[.fraction]`.
pub(crate) fn time_span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes, rest) = (
        seconds / 86_400,
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    );
    let day_part = if days > 0 {
        format!("{days}.")
    } else {
        String::new()
    };
    let ticks = span.subsec_nanos() / 100;
    let fraction = if ticks > 0 {
        format!(".{ticks:07}")
    } else {
        String::new()
    };
    format!("{day_part}{hours:02}:{minutes:02}:{rest:02}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_no_trailing_zeros() {
        let time: Timestamp = "2024-08-03T04:08:54.766320Z".parse().unwrap();
        assert_eq!(console_time(time), "2024-08-03T04:08:54.76632Z");
        let time: Timestamp = "2024-08-03T05:00:00Z".parse().unwrap();
        assert_eq!(console_time(time), "2024-08-03T05:00:00Z");
        assert_eq!(rest_time(time), "2024-08-03T05:00:00Z");
    }

    #[test]
    fn time_spans_have_a_day_part_from_one_day_on() {
        assert_eq!(time_span(Duration::from_secs(0)), "00:00:00");
        assert_eq!(
            time_span(Duration::new(
                7 * 86_400 + 9 * 3_600 + 36 * 60 + 59,
                45_239_900
            )),
            "7.09:36:59.0452399"
        );
    }
}
