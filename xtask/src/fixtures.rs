//! `cargo xtask test-fixtures`: every recording against everything that must hold for it.

mod format;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::Value;

use crate::{Error, root, round_trip};

/// A recording: its name, `rest/user-by-id`, and its content.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) recording: Value,
}

/// What one check found in one recording.
#[derive(Serialize)]
struct Finding {
    fixture: String,
    /// What was checked: the format, or the model that read it.
    check: String,
    passed: bool,
    problems: Vec<String>,
    microseconds: u128,
}

/// A way to check a recording. It gives what was checked, each with its problems: none is good.
type Checker = fn(&Fixture) -> Vec<(String, Vec<String>)>;

const CHECKERS: [Checker; 2] = [
    |fixture| vec![("format".to_owned(), format::problems(fixture))],
    |fixture| {
        round_trip::trips(&fixture.name, &fixture.recording)
            .into_iter()
            .map(|trip| (trip.model, trip.problems))
            .collect()
    },
];

/// Checks the recordings whose name contains `filter` and prints what was found.
pub(crate) fn run(filter: Option<&str>, json: bool) -> Result<(), Error> {
    let start = Instant::now();
    let fixtures: Vec<Fixture> = load(&root().join("fixtures"))?
        .into_iter()
        .filter(|fixture| filter.is_none_or(|part| fixture.name.contains(part)))
        .collect();
    if fixtures.is_empty() {
        return Err("no recording has such a name".into());
    }

    let mut findings = Vec::new();
    for fixture in &fixtures {
        for checker in CHECKERS {
            findings.extend(examine(fixture, checker));
        }
    }

    if json {
        for finding in &findings {
            println!("{}", serde_json::to_string(finding)?);
        }
    } else {
        print_table(&findings, filter.is_some());
    }
    let failed = findings.iter().filter(|finding| !finding.passed).count();
    if failed > 0 {
        return Err(format!("{failed} of {} checks failed", findings.len()).into());
    }
    if !json {
        println!(
            "{} recordings, {} checks, all passed in {} ms",
            fixtures.len(),
            findings.len(),
            start.elapsed().as_millis()
        );
    }
    Ok(())
}

fn examine(fixture: &Fixture, checker: Checker) -> Vec<Finding> {
    let begun = Instant::now();
    let results = checker(fixture);
    let each = begun.elapsed() / u32::try_from(results.len().max(1)).unwrap_or(u32::MAX);
    results
        .into_iter()
        .map(|(check, problems)| Finding {
            fixture: fixture.name.clone(),
            check,
            passed: problems.is_empty(),
            problems,
            microseconds: each.as_micros(),
        })
        .collect()
}

/// The whole table when it was asked for by name, otherwise the failures alone.
fn print_table(findings: &[Finding], whole: bool) {
    for finding in findings.iter().filter(|finding| whole || !finding.passed) {
        let result = if finding.passed { "ok" } else { "FAILED" };
        let time = Duration::from_micros(u64::try_from(finding.microseconds).unwrap_or(u64::MAX));
        println!(
            "{:<44} {:<28} {result:<6} {time:>10.1?}",
            finding.fixture, finding.check
        );
        for problem in &finding.problems {
            println!("    {problem}");
        }
    }
}

/// Every recording below a folder, in the order of their names.
pub(crate) fn load(folder: &Path) -> Result<Vec<Fixture>, Error> {
    let mut fixtures = Vec::new();
    for path in json_files(folder)? {
        let name = path
            .strip_prefix(folder)?
            .with_extension("")
            .to_string_lossy()
            .replace('\\', "/");
        let recording = serde_json::from_slice(&fs::read(&path)?)
            .map_err(|error| format!("{name}: {error}"))?;
        fixtures.push(Fixture { name, recording });
    }
    Ok(fixtures)
}

fn json_files(folder: &Path) -> Result<Vec<std::path::PathBuf>, Error> {
    let mut files = Vec::new();
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            files.extend(json_files(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_recordings_pass_all_checks() {
        run(None, false).unwrap();
    }

    /// What a published crate compiles in lies inside that crate, and must not drift away from the original.
    #[test]
    fn recordings_inside_a_crate_equal_the_ones_at_the_top() {
        let root = root();
        for entry in fs::read_dir(root.join("crates")).unwrap() {
            let copies = entry.unwrap().path().join("recordings");
            if !copies.is_dir() {
                continue;
            }
            for copy in json_files(&copies).unwrap() {
                let original = root
                    .join("fixtures")
                    .join(copy.strip_prefix(&copies).unwrap());
                let same = fs::read(&original).is_ok_and(|bytes| bytes == fs::read(&copy).unwrap());
                assert!(
                    same,
                    "{} differs from {}: change fixtures/ and copy",
                    copy.display(),
                    original.display()
                );
            }
        }
    }
}
