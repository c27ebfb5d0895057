//! The line for a monitoring system, in the form of Nagios: state, text, and figures behind a bar.

use super::Report;
use super::check::{Check, Level, worst};
use crate::failure::Failure;
use pytale::model::escaped;

pub(super) fn line(server: &str, report: &Report) -> String {
    let level = worst(&report.checks);
    let text = if level == Level::Ok {
        good(report)
    } else {
        let bad = report.checks.iter().filter(|check| check.level == level);
        bad.map(named).collect::<Vec<_>>().join("; ")
    };
    let time = report
        .reply_time
        .map(|time| format!(" time={:.3}s", time.as_secs_f64()));
    let players = report.players.map(|players| format!(" players={players}"));
    let figures: String = time.into_iter().chain(players).collect();
    let bar = if figures.is_empty() { "" } else { " |" };
    let server = escaped(server).to_string();
    format!(
        "TALE {} - {}: {}{bar}{figures}",
        level.name().to_uppercase(),
        without_bar(&server),
        without_bar(&text)
    )
}

/// The line for a configuration with which nothing can be checked.
pub(super) fn unknown(failure: &Failure) -> String {
    let text = escaped(failure.message()).to_string();
    format!("TALE UNKNOWN - {}", without_bar(&text))
}

fn good(report: &Report) -> String {
    let players = match report.players {
        Some(1) => "1 player online".to_owned(),
        Some(players) => format!("{players} players online"),
        None => "the number of players is unknown".to_owned(),
    };
    match report.reply_time {
        Some(time) => format!("replies in {} ms, {players}", time.as_millis()),
        None => players,
    }
}

fn named(check: &Check) -> String {
    format!("{}: {}", check.name, check.text)
}

/// A bar begins the figures.
fn without_bar(text: &str) -> String {
    text.replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_problem_with_a_bar_is_one_line_with_one_bar() {
        let report = Report {
            checks: vec![
                Check::warning("login", "closed", "open it"),
                Check::critical("console", "a|b\nc", "wait"),
            ],
            reply_time: Some(Duration::from_millis(12)),
            players: Some(3),
        };
        assert_eq!(
            line("home|1", &report),
            "TALE CRITICAL - home/1: console: a/b\\nc | time=0.012s players=3"
        );
    }
}
