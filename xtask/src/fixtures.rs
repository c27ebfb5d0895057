//! `cargo xtask test-fixtures`: checks every fixture with its format, the models and the clients.

mod format;
mod subject;

use crate::fixture::{self, Fixture};
use crate::{Error, endpoints, replay, replay_rest, round_trip};
use serde::Serialize;
use std::time::Instant;

/// The result of one fixture.
#[derive(Serialize)]
struct Row {
    fixture: String,
    /// The call, or the command or event.
    endpoint: String,
    result: &'static str,
    ms: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

/// A check of a fixture. It returns the names of its parts, each with its problems.
type Checker = fn(&Fixture) -> Vec<(String, Vec<String>)>;

const CHECKERS: [Checker; 4] = [
    |fixture| vec![("format".to_owned(), format::problems(fixture))],
    |fixture| {
        round_trip::trips(&fixture.name, &fixture.recording)
            .into_iter()
            .map(|trip| (trip.model, trip.problems))
            .collect()
    },
    replay::conversation,
    replay_rest::exchange,
];

/// Checks the fixtures whose name contains `filter`, and prints the results.
pub(crate) fn run(filter: Option<&str>, json: bool) -> Result<(), Error> {
    let start = Instant::now();
    let fixtures: Vec<Fixture> = fixture::load()?
        .into_iter()
        .filter(|fixture| filter.is_none_or(|part| fixture.name.contains(part)))
        .collect();
    if fixtures.is_empty() {
        return Err("no fixture has this name".into());
    }

    if !json {
        println!("{}", line("fixture", "endpoint", "result", "time"));
    }
    let mut failed = 0;
    let mut checks = 0;
    for fixture in &fixtures {
        let (row, count) = examine(fixture);
        checks += count;
        failed += usize::from(row.result == "fail");
        if json {
            println!("{}", serde_json::to_string(&row)?);
        } else {
            print_row(&row);
        }
    }
    if failed > 0 {
        return Err(format!("{failed} of {} fixtures failed", fixtures.len()).into());
    }
    if !json {
        println!(
            "{} fixtures, {checks} checks, all passed in {} ms",
            fixtures.len(),
            start.elapsed().as_millis()
        );
    }
    Ok(())
}

/// Prints the gaps of the listed endpoints, and fails if there is one.
pub(crate) fn list_missing() -> Result<(), Error> {
    let missing = endpoints::missing(&fixture::load()?)?;
    for line in &missing {
        println!("{line}");
    }
    if missing.is_empty() {
        println!("nothing is missing");
        return Ok(());
    }
    Err(format!("{} items are missing", missing.len()).into())
}

/// Runs all checks of one fixture, and counts them.
fn examine(fixture: &Fixture) -> (Row, usize) {
    let begun = Instant::now();
    let results: Vec<_> = CHECKERS.iter().flat_map(|check| check(fixture)).collect();
    let ms = begun.elapsed().as_secs_f64() * 1_000.0;
    let count = results.len();
    let problems: Vec<String> = results
        .into_iter()
        .flat_map(|(check, problems)| {
            problems
                .into_iter()
                .map(move |problem| format!("{check}: {problem}"))
        })
        .collect();
    let row = Row {
        fixture: fixture.name.clone(),
        endpoint: subject::of(fixture),
        result: if problems.is_empty() { "pass" } else { "fail" },
        ms: (ms * 100.0).round() / 100.0,
        problems,
    };
    (row, count)
}

fn line(fixture: &str, endpoint: &str, result: &str, time: &str) -> String {
    format!("{fixture:<44} {endpoint:<54} {result:<6} {time:>10}")
}

fn print_row(row: &Row) {
    let time = format!("{:.2} ms", row.ms);
    println!("{}", line(&row.fixture, &row.endpoint, row.result, &time));
    for problem in &row.problems {
        for line in problem.lines() {
            println!("    {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;
    use std::collections::BTreeSet;
    use std::fs;

    #[test]
    fn all_fixtures_pass_all_checks() {
        run(None, false).unwrap();
    }

    /// A published crate contains copies of the fixtures that it compiles in; they must be equal to the originals.
    #[test]
    fn fixtures_inside_a_crate_equal_the_originals() {
        let root = root();
        for entry in fs::read_dir(root.join("crates")).unwrap() {
            let copies = entry.unwrap().path().join("recordings");
            if !copies.is_dir() {
                continue;
            }
            for copy in fixture::json_files(&copies).unwrap() {
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

    fn readme() -> String {
        fs::read_to_string(root().join("fixtures/README.md")).unwrap()
    }

    /// The numbers in the README must match the files.
    #[test]
    fn the_readme_has_the_number_of_fixtures_of_each_basis() {
        let fixtures = fixture::load().unwrap();
        let of = |basis: &str| {
            let has = |fixture: &&Fixture| fixture.recording["basis"] == basis;
            fixtures.iter().filter(has).count()
        };
        let readme = readme().replace('\n', " ");
        assert_eq!(of("recorded"), 0, "fixtures/README.md has none");
        for (basis, said) in [
            ("sample", "are samples"),
            ("constructed", "are constructed"),
        ] {
            let said = format!(" {} {said}", of(basis));
            assert!(readme.contains(&said), "fixtures/README.md lacks {said:?}");
        }
    }

    #[test]
    fn the_readme_has_the_address_of_each_source() {
        let projects: BTreeSet<String> = fixture::load()
            .unwrap()
            .iter()
            .flat_map(|fixture| fixture.recording["source"].as_str().unwrap().split("; "))
            .map(|source| source.split([' ', ',']).next().unwrap().to_owned())
            .filter(|name| !["RFC", "none"].contains(&name.as_str()))
            .collect();
        let readme = readme();
        let table = readme.split("| name | project |").nth(1).unwrap();
        let table = table.split("\n\n").next().unwrap();
        let explained: BTreeSet<String> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .map(str::to_owned)
            .collect();
        assert_eq!(projects, explained);
    }
}
