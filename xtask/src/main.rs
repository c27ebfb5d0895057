//! Tasks of the workspace: checks, generated pages, benchmarks.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program prints to the terminal"
)]

mod architecture;
mod bench;
mod ci;
mod combinations;
mod commands;
mod corpus;
mod dist;
mod endpoints;
#[cfg(test)]
mod error_kinds;
mod fixture;
mod fixtures;
mod instructions;
mod layers;
mod packages;
mod replay;
mod replay_rest;
#[path = "../../crates/alta-model/tests/support/round_trip.rs"]
#[allow(unreachable_pub, reason = "another test includes this file, too")]
mod round_trip;
mod soak;
mod start_time;
mod tools;
mod wine;

use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Tasks of the workspace: checks, generated pages, benchmarks.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Command {
    /// Runs every check of a change.
    Ci(ci::Options),
    /// Checks the fixtures: their format, that the models read and write them without loss, and that the clients send and
    /// return the same.
    TestFixtures {
        /// Only fixtures whose name contains this, such as `rest/` or `player-`.
        #[arg(long)]
        filter: Option<String>,
        /// Print one JSON object on each line instead of a table.
        #[arg(long)]
        json: bool,
        /// Only list the endpoints without a method or a fixture, and the kinds of errors without a fixture.
        #[arg(long, conflicts_with_all = ["filter", "json"])]
        list_missing: bool,
    },
    /// Writes the diagram and the table of `docs/architecture.md` from `cargo metadata`.
    Architecture {
        /// Only check if they are current.
        #[arg(long)]
        check: bool,
    },
    /// Writes `docs/commands.md` from the catalogue of console commands.
    Commands {
        /// Only check if it is current.
        #[arg(long)]
        check: bool,
    },
    /// Writes `docs/endpoints.md` from the typed calls.
    Endpoints {
        /// Only check if it is current.
        #[arg(long)]
        check: bool,
    },
    /// Measures the library beside a plain client in the same run; docs/performance.md describes the figures.
    Bench {
        /// `console`, `main-socket` or `rest`, all by default, and the flags of the benchmarks, such as `--only events`, `--json`,
        /// `--check` or `--quick`; or `cloud`: the service `tale cloud`, with the same flags; or `tale`: the time of `tale exec`, from
        /// its start to its end.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Counts the instructions of the hot paths with valgrind, and compares them with the stored counts.
    Instructions {
        /// Store the counts instead.
        #[arg(long)]
        renew: bool,
    },
    /// Builds the archives and wheels of `tale` and `alta-sim` for a release, tries each of them, and writes their checksums.
    Dist(dist::Options),
    /// Writes the inputs with which fuzzing starts, taken from the fixtures.
    FuzzCorpus,
    /// Sends numbered events and commands for ten minutes, with losses of every kind, and checks that each arrives or is reported.
    Soak {
        /// One soak; both, one after the other, if none is given.
        soak: Option<soak::Soak>,
        /// Run for a minute only.
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Ci(options) => ci::run(&options),
        Command::Soak { soak, quick } => soak::run(soak, quick),
        Command::Bench { arguments } => match arguments.split_first() {
            Some((area, flags)) if area == "tale" => start_time::run(flags),
            _ => bench::run(&arguments),
        },
        Command::Instructions { renew } => instructions::run(renew),
        Command::Dist(options) => dist::run(&options),
        Command::FuzzCorpus => corpus::run(),
        Command::TestFixtures {
            list_missing: true, ..
        } => fixtures::list_missing(),
        Command::TestFixtures { filter, json, .. } => fixtures::run(filter.as_deref(), json),
        Command::Architecture { check } => architecture::run(check),
        Command::Commands { check } => commands::run(check),
        Command::Endpoints { check } => endpoints::run(check),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// The cargo that runs this program.
fn cargo() -> std::process::Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(program);
    command.current_dir(root());
    command
}

/// The metadata of the workspace, without third-party crates.
fn metadata() -> Result<cargo_metadata::Metadata, Error> {
    Ok(cargo_metadata::MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()?)
}
