//! The output and the end of `tale demo`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use serde_json::Value;
#[cfg(unix)]
#[path = "demo/ends.rs"]
mod ends;
#[cfg(unix)]
#[path = "../../alta-sim/tests/services/process.rs"]
mod process;

use std::collections::BTreeMap;
use std::process::Command;

fn tale(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tale"));
    command.args(arguments);
    command
}

#[test]
fn every_step_happens_and_no_event_is_missed() {
    let output = tale(&["demo", "--json", "--duration", "8"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let steps: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut counts = BTreeMap::new();
    for step in &steps {
        *counts
            .entry(step["step"].as_str().unwrap())
            .or_insert(0_u64) += 1;
    }
    for once in [
        "authenticated",
        "main_socket_ready",
        "invite_accepted",
        "console_ready",
        "console_lost",
        "console_recovered",
        "main_socket_migrated",
        "done",
    ] {
        assert_eq!(counts.get(once), Some(&1), "{once} in {text}");
    }
    let done = steps.last().unwrap();
    assert_eq!(done["missed"], 0, "{done}");
    assert_eq!(done["events"].as_u64().unwrap(), counts["event"]);
    // A command of the moment in which the console is lost fails.
    let replied = steps
        .iter()
        .filter(|step| step["step"] == "command" && step["result"].get("error").is_none());
    assert_eq!(done["commands"], replied.count());
    assert_eq!(done["gaps"].as_u64().unwrap(), counts["gap"]);
    assert_eq!(done["reconnects"], 1);
    assert!(steps.iter().any(|step| {
        step["step"] == "command"
            && step["content"]
                .as_str()
                .unwrap()
                .starts_with("player message 1200000001 \"Welcome, ")
            && step["result"] == "Success"
    }));
    for step in steps.iter().filter(|step| step["step"] == "event") {
        assert!(step["server_id"].is_i64() && step["type"].is_string() && step["data"].is_object());
    }
    assert!(
        steps
            .iter()
            .all(|step| step["step"] != "gap" || step["seconds"].as_f64().unwrap() > 0.0)
    );
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
}

#[test]
fn text_output_has_a_line_for_each_event_and_no_colors_in_a_pipe() {
    let output = tale(&["demo", "--duration", "5"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(
        text.contains("  console    console of server 3000011 ready"),
        "{text}"
    );
    assert!(text.lines().last().unwrap().contains("0 missed"), "{text}");
}

#[test]
fn an_invalid_duration_is_refused() {
    for duration in ["0", "abc", "-1"] {
        let output = tale(&["demo", &format!("--duration={duration}")])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{duration}");
    }
}
