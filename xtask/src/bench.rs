//! `cargo xtask bench`: the measurements, each beside its yardstick in the same run.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use clap::ValueEnum;

use crate::{Error, cargo};

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Bench {
    /// Game-server consoles: events, commands, idle memory, many consoles.
    Console,
    /// The main socket: events, many subscriptions.
    MainSocket,
    /// Calls of the REST API, one after the other and at once.
    Rest,
}

impl Bench {
    /// The crate and its benchmark.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Bench::Console => ("att-console", "console"),
            Bench::MainSocket => ("alta-ws", "socket"),
            Bench::Rest => ("alta-rest", "calls"),
        }
    }
}

/// Measures, and prints a line for each figure.
pub(crate) fn run(bench: Bench, only: Option<&str>, quick: bool, json: bool) -> Result<(), Error> {
    let mut command = cargo();
    command
        .args(arguments(bench, only, quick, json))
        .stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut figures = 0;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            println!("{}", line?);
            figures += 1;
        }
    }
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("cargo ended with {status}").into());
    }
    if figures == 0 {
        return Err("nothing of that name is measured; docs/performance.md has the names".into());
    }
    Ok(())
}

fn arguments(bench: Bench, only: Option<&str>, quick: bool, json: bool) -> Vec<&str> {
    let (package, name) = bench.names();
    let mut arguments = vec!["bench", "--quiet", "-p", package, "--bench", name, "--"];
    if quick {
        arguments.push("--quick");
    }
    if json {
        arguments.push("--json");
    }
    if let Some(only) = only {
        arguments.extend(["--only", only]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use cargo_metadata::TargetKind;

    use super::*;

    #[test]
    fn every_benchmark_exists() {
        let metadata = crate::metadata().unwrap();
        for bench in Bench::value_variants() {
            let (package, name) = bench.names();
            let found = metadata.packages.iter().any(|found| {
                let mut targets = found.targets.iter();
                *found.name == package
                    && targets
                        .any(|target| target.is_kind(TargetKind::Bench) && target.name == name)
            });
            assert!(found, "{package} has no benchmark {name}");
        }
    }

    #[test]
    fn flags_are_handed_on() {
        let arguments = arguments(Bench::Console, Some("idle"), true, true);
        assert_eq!(
            arguments.join(" "),
            "bench --quiet -p att-console --bench console -- --quick --json --only idle"
        );
    }
}
