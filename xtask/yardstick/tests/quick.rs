//! Every figure is measured, with a hundredth of the work.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::process::Command;

fn figures(area: &str) -> BTreeSet<String> {
    let lines = lines(&["run", area, "--quick", "--json"]);
    let figure = |line: &String| {
        let figure: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in ["value", "yardstick", "ratio"] {
            // A ratio of nothing is null.
            let is_number = figure[field].as_f64().is_some_and(|value| value >= 0.0);
            assert!(is_number || cfg!(not(target_os = "linux")), "{line}");
        }
        figure["name"].as_str().unwrap().to_owned()
    };
    lines.iter().map(figure).collect()
}

/// The lines that the program prints.
fn lines(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_yardstick"))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn every_figure_of_consoles_is_measured() {
    let bad_peers = ["slow", "stopped", "deaf"].into_iter().flat_map(|kind| {
        ["rate", "cpu", "p50", "p99", "control", "rss"]
            .map(|of| format!("console_bad_peer_{kind}_{of}"))
    });
    let expected = [
        "console_events",
        "console_cpu",
        "console_flood_mixed",
        "console_flood_mixed_cpu",
        "console_round_trip",
        "console_round_trip_p99",
        "console_pipelined",
        "console_pipelined_1000",
        "console_idle_heap",
        "console_idle_rss",
        "console_many_heap",
        "console_many_rss",
        "console_many_cpu",
        "console_large_reply_heap",
        "console_large_reply_rss",
        "console_scaling",
        "console_journal_accounted",
        "console_journal_lines",
        "console_journal_rss",
    ];
    let snapshots = ["snapshots_1", "snapshots_10", "snapshots_100", "derived_20"];
    let snapshots = snapshots
        .into_iter()
        .flat_map(|part| ["asked", "read", "cpu"].map(|of| format!("console_{part}_{of}")));
    let expected = expected.into_iter().map(str::to_owned);
    let expected = expected.chain(bad_peers).chain(snapshots);
    assert_eq!(figures("console"), expected.collect());
}

#[test]
fn every_figure_of_the_main_socket_is_measured() {
    let expected = [
        "socket_events",
        "socket_cpu",
        "socket_hold_time",
        "socket_hold_heap",
        "socket_hold_rss",
        "socket_many_time",
        "socket_many_heap",
        "socket_many_rss",
        "socket_scaling",
    ];
    assert_eq!(figures("main-socket"), expected.map(str::to_owned).into());
}

#[test]
fn every_figure_of_rest_is_measured() {
    let parts = ["sequential", "concurrent"].into_iter();
    let expected = parts.flat_map(|part| {
        ["time", "cpu", "allocations", "allocated"].map(|name| format!("{part}_{name}"))
    });
    let by_hand = ["sequential", "concurrent"].into_iter();
    let by_hand = by_hand.flat_map(|part| ["time", "cpu"].map(|of| format!("{part}_by_hand_{of}")));
    assert_eq!(figures("rest"), expected.chain(by_hand).collect());
}

/// Builds `tale` if it is not beside the benchmarks: the tests of the workspace have built it.
#[cfg(target_os = "linux")]
fn build_tale() {
    let tale = std::path::Path::new(env!("CARGO_BIN_EXE_yardstick")).with_file_name("tale");
    if !tale.exists() {
        let build = ["build", "--package", "pytale-cli", "--all-features"];
        let status = Command::new(env!("CARGO")).args(build).status().unwrap();
        assert!(status.success());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_figure_of_the_cloud_is_measured() {
    build_tale();
    let of = |parts: &[&str], figures: &[&str]| -> Vec<String> {
        let pairs = parts.iter().flat_map(|part| {
            let figures = figures.iter();
            figures.map(move |of| format!("cloud_{part}_{of}"))
        });
        pairs.collect()
    };
    let expected = [
        of(
            &["reads_1", "reads_16", "reads_64"],
            &["rate", "p50", "p99", "cpu"],
        ),
        of(
            &["logins", "writes_1", "writes_16", "mixed_writes"],
            &["rate", "p50", "p99"],
        ),
        of(&["mixed_reads"], &["rate", "p50", "p99"]),
        of(&["relay_trip", "relay_added"], &["p50", "p99"]),
        of(&["relay_events_1", "relay_events_8"], &["rate", "cpu"]),
        of(&["relay", "bot", "subscription"], &["rss"]),
        of(&["bots"], &["connect", "subscribe", "rss"]),
        of(&["delivery"], &["p50", "p99", "rate", "cpu"]),
    ];
    let measured = lines(&["cloud", "--quick", "--json"]);
    let name = |line: &String| {
        let figure: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(figure["value"].is_number(), "{line}");
        figure["name"].as_str().unwrap().to_owned()
    };
    let measured: BTreeSet<String> = measured.iter().map(name).collect();
    assert_eq!(measured, expected.concat().into_iter().collect());
}
