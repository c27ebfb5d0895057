//! `cargo xtask instructions`: counts the instructions of the hot paths with callgrind, and compares them with those of
//! `xtask/instructions.json`.
//!
//! Unlike a time, a count is the same on a busy machine. Each path runs in a process with one thread, against a server in the same
//! process, with the same input each time. The difference between two runs of different length is the count of an operation,
//! without start and end of the process.

use crate::{Error, bench, metadata, root};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The name of a path, its measurement in `xtask/yardstick`, and the operations of the shorter run.
const PATHS: [(&str, &str, u64); 5] = [
    // A cycle of the mix, so that both runs have the same shares.
    ("console_event", "console flood_mixed", 4_000),
    ("console_command", "console round_trip", 1_000),
    (
        "console_command_pipelined",
        "console pipelined --window=100",
        2_000,
    ),
    ("main_socket_event", "main-socket events", 2_000),
    ("rest_call", "rest sequential", 500),
];

/// The tolerance of a count: random hashes, and the branches of a processor's features, cause less than that.
const TOLERANCE: f64 = 0.05;

#[derive(Deserialize, Serialize)]
struct Baseline {
    /// Another compiler emits other instructions.
    rustc: String,
    /// The instructions of an operation, those of the server in the process included.
    instructions: BTreeMap<String, u64>,
}

fn path() -> PathBuf {
    root().join("xtask/instructions.json")
}

/// Counts, and prints a line for each path. Fails if a count is higher than the stored one, or stores the counts.
pub(crate) fn run(renew: bool) -> Result<(), Error> {
    bench::build()?;
    let counted = Baseline {
        rustc: rustc()?,
        instructions: PATHS.into_iter().map(count).collect::<Result<_, _>>()?,
    };
    if renew {
        let text = serde_json::to_string_pretty(&counted)? + "\n";
        return Ok(fs::write(path(), text)?);
    }
    let stored: Baseline = serde_json::from_str(&fs::read_to_string(path())?)?;
    let higher = compare(&stored.instructions, &counted.instructions);
    if higher.is_empty() {
        return Ok(());
    }
    Err(format!(
        "more instructions than with {}, now {}: {}",
        stored.rustc,
        counted.rustc,
        higher.join(", ")
    )
    .into())
}

/// Prints each count beside the stored one, and returns the names of those that are higher.
fn compare(stored: &BTreeMap<String, u64>, counted: &BTreeMap<String, u64>) -> Vec<String> {
    let mut higher = Vec::new();
    for (name, count) in counted {
        let before = stored.get(name).copied().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a ratio of small counts")]
        let ratio = *count as f64 / before as f64;
        println!("    {name:<26} {count:>8} instructions, stored {before:>8}: {ratio:.3}");
        if ratio > 1.0 + TOLERANCE {
            higher.push(name.clone());
        } else if ratio < 1.0 - TOLERANCE {
            println!("    `cargo xtask instructions --renew` keeps the lower count");
        }
    }
    higher
}

/// The instructions of one operation of a path.
fn count((name, measurement, operations): (&str, &str, u64)) -> Result<(String, u64), Error> {
    let shorter = total(measurement, operations)?;
    let longer = total(measurement, 2 * operations)?;
    Ok((name.to_owned(), longer.saturating_sub(shorter) / operations))
}

/// The instructions of a process.
fn total(measurement: &str, operations: u64) -> Result<u64, Error> {
    let yardstick = metadata()?.target_directory.join("release/yardstick");
    let mut words = measurement.split(' ');
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(yardstick)
        .arg("measure")
        .args(words.by_ref().take(2))
        .args([
            "ours",
            "--runtime=current",
            &format!("--count={operations}"),
        ])
        .args(words)
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let total = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    match total {
        Some((_, total)) if output.status.success() => Ok(total.trim().parse()?),
        _ => Err(format!("valgrind: {}\n{text}", output.status).into()),
    }
}

fn rustc() -> Result<String, Error> {
    let output = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_above_the_tolerance_is_named_and_one_within_it_is_not() {
        let counts = |event, command| {
            BTreeMap::from([("event".to_owned(), event), ("command".to_owned(), command)])
        };
        let higher = compare(&counts(1_000, 1_000), &counts(1_051, 1_049));
        assert_eq!(higher, ["event"]);
        // A path without a stored count has no bound yet, so the file must be renewed.
        assert_eq!(compare(&BTreeMap::new(), &counts(1, 1)).len(), 2);
    }

    #[test]
    fn each_path_has_a_stored_count() {
        let stored: Baseline = serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap();
        let names: Vec<&str> = stored.instructions.keys().map(String::as_str).collect();
        let mut paths = PATHS.map(|(name, ..)| name);
        paths.sort_unstable();
        assert_eq!(names, paths);
    }
}
