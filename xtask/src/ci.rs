//! `cargo xtask ci`: all checks of a change, the cheapest first.

use crate::tools::{Tool, WINDOWS, windows_tools};
use crate::{
    Error, architecture, cargo, combinations, commands, endpoints, fixtures, instructions,
    metadata, packages, root, wine,
};
use cargo_metadata::{Package, TargetKind};
use std::process::Command;
use std::time::{Duration, Instant};

struct Step {
    /// Selects the step on the command line; the steps of single crates share one.
    id: &'static str,
    name: String,
    check: Check,
    /// The tools that it needs beside this toolchain.
    tools: Vec<Tool>,
    /// The advice for a failure.
    advice: &'static str,
}

enum Check {
    /// Cargo with these arguments.
    Cargo(Vec<String>),
    /// The cargo of another toolchain, with a target folder of its own.
    OtherCargo {
        toolchain: &'static str,
        args: Vec<String>,
    },
    /// Cargo with these arguments; warnings of rustdoc are errors.
    Doc(Vec<String>),
    /// A program without arguments.
    Program(&'static str),
    /// A check of this program.
    Own(fn() -> Result<(), Error>),
    /// A package with each of these sets of features.
    Combinations(String, Vec<Vec<String>>),
}

/// The steps to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these steps, such as `lints tests`; all if none is given.
    steps: Vec<String>,
    /// Also the steps that take longer: tests for Windows under Wine, the instructions of the hot paths, a minute of each soak, a build of each package, every
    /// feature of every crate alone.
    #[arg(long)]
    full: bool,
    /// Print the steps instead.
    #[arg(long)]
    list: bool,
}

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let packages = metadata()?
        .workspace_packages()
        .into_iter()
        .cloned()
        .collect::<Vec<_>>();
    let mut steps = steps(&packages, options.full)?;
    if options.list {
        for step in steps {
            println!("{:<14} {}", step.id, step.name);
        }
        return Ok(());
    }
    let is_known = |id: &&String| steps.iter().any(|step| step.id == **id);
    if let Some(unknown) = options.steps.iter().find(|id| !is_known(id)) {
        return Err(format!("there is no step {unknown}: `cargo xtask ci --list`").into());
    }
    steps.retain(|step| options.steps.is_empty() || options.steps.iter().any(|id| id == step.id));
    perform_all(steps)
}

fn perform_all(steps: Vec<Step>) -> Result<(), Error> {
    let count = steps.len();
    let mut times = Vec::new();
    let start = Instant::now();
    for (index, step) in steps.into_iter().enumerate() {
        println!("\n[{}/{count}] {}", index + 1, step.name);
        if let Some(tool) = step.tools.iter().find(|tool| !tool.is_there()) {
            tool.skip()?;
            continue;
        }
        let begun = Instant::now();
        let result = perform(&step.check);
        let time = begun.elapsed();
        if let Err(error) = result {
            return Err(format!(
                "{} failed after {}: {error}\nHow to fix it: {}",
                step.name,
                seconds(time),
                step.advice
            )
            .into());
        }
        println!("    passed in {}", seconds(time));
        times.push((step.name, time));
    }

    println!("\nEverything passed:");
    for (name, time) in times {
        println!("{:>9}  {name}", seconds(time));
    }
    println!("{:>9}  in total", seconds(start.elapsed()));
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn perform(check: &Check) -> Result<(), Error> {
    let mut command = cargo();
    match check {
        Check::Own(check) => return check(),
        Check::Combinations(package, sets) => {
            return combinations::check(package, APART, sets);
        }
        Check::Cargo(args) => command.args(args),
        Check::OtherCargo { toolchain, args } => {
            command = other_cargo(toolchain)?;
            command.args(args)
        }
        Check::Doc(args) => command.args(args).env("RUSTDOCFLAGS", "-D warnings"),
        Check::Program(name) => {
            command = Command::new(name);
            command.current_dir(root())
        }
    };
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the program ended with {status}").into())
    }
}

/// Uses a target folder of its own: two toolchains cannot share builds, and would replace each other's.
fn other_cargo(toolchain: &str) -> Result<Command, Error> {
    let target = metadata()?.target_directory.join(toolchain);
    let mut command = Command::new("rustup");
    command.current_dir(root());
    command.args(["run", toolchain, "cargo"]);
    command.env("CARGO_TARGET_DIR", target);
    // Cargo sets these variables for the programs that it runs; they name this toolchain.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    Ok(command)
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn steps(packages: &[Package], full: bool) -> Result<Vec<Step>, Error> {
    let step = |id, name: &str, check, advice| Step {
        id,
        name: name.to_owned(),
        check,
        tools: Vec::new(),
        advice,
    };
    let mut steps = vec![
        step(
            "format",
            "format",
            Check::Cargo(words("fmt --all --check")),
            "run `cargo fmt --all`.",
        ),
        Step {
            tools: vec![Tool::Optional("typos", "cargo install typos-cli")],
            ..step(
                "spelling",
                "spelling",
                Check::Program("typos"),
                "run `typos -w`; a word of a server goes to typos.toml.",
            )
        },
        step(
            "fixtures",
            "fixtures",
            Check::Own(|| fixtures::run(None, false)),
            "read fixtures/README.md; `cargo xtask test-fixtures --filter NAME` shows one fixture.",
        ),
        step(
            "architecture",
            "docs/architecture.md",
            Check::Own(|| architecture::run(true)),
            "run `cargo xtask architecture`.",
        ),
        step(
            "commands",
            "docs/commands.md",
            Check::Own(|| commands::run(true)),
            "run `cargo xtask commands`.",
        ),
        step(
            "endpoints",
            "docs/endpoints.md",
            Check::Own(|| endpoints::run(true)),
            "run `cargo xtask endpoints`.",
        ),
        step(
            "packages",
            "files and keywords of the packages",
            Check::Own(packages::check),
            "compare Cargo.toml and the files of the crate with those of another crate.",
        ),
        Step {
            tools: vec![Tool::Optional("cargo-deny", "cargo install cargo-deny")],
            ..step(
                "dependencies",
                "licenses, sources and versions of dependencies",
                Check::Cargo(words("deny --all-features check licenses bans sources")),
                "deny.toml says what is allowed, and why.",
            )
        },
        step(
            "lints",
            "lints, all features",
            Check::Cargo(words(
                "clippy --workspace --all-targets --all-features -- -D warnings",
            )),
            "follow clippy's advice; an `#[allow]` needs its reason.",
        ),
        step(
            "tests",
            "tests and examples in the documentation, all features",
            Check::Cargo(words("test --workspace --all-features")),
            "run the one test that failed with `cargo test -p CRATE NAME`.",
        ),
        step(
            "new-projects",
            "the projects of `tale new`, compiled and tested",
            // The features of the step before, so that nothing is built again.
            Check::Cargo(words(
                "test --workspace --all-features --test tale -- --ignored each_project",
            )),
            "the files of projects are in crates/pytale-cli/templates.",
        ),
        step(
            "docs",
            "documentation",
            Check::Doc(words("doc --no-deps --workspace --all-features")),
            "fix the links and write the missing documentation that rustdoc names.",
        ),
        Step {
            tools: windows_tools(),
            ..step(
                "windows",
                "every target for Windows",
                Check::Cargo(words(&format!(
                    "check --workspace --all-targets --all-features --target {WINDOWS}"
                ))),
                "put code for one platform behind `#[cfg(unix)]` or `#[cfg(windows)]`, with the code for the other beside it.",
            )
        },
        Step {
            tools: vec![Tool::Toolchain(MINIMUM)],
            ..step(
                "msrv",
                "every target of the libraries with the minimum supported Rust version",
                Check::OtherCargo {
                    toolchain: MINIMUM,
                    args: words(&format!(
                        "check --workspace --exclude {NEWER} --all-targets --all-features"
                    )),
                },
                "avoid newer features of Rust, or raise `rust-version` in Cargo.toml and README.md; that is a minor change.",
            )
        },
        step(
            "tls",
            "a build with two TLS providers",
            Check::Cargo(words(
                "run --quiet --manifest-path xtask/two-providers/Cargo.toml",
            )),
            "name the provider where a TLS configuration is built, since rustls cannot choose between two.",
        ),
    ];
    if full {
        let mut tools = windows_tools();
        tools.push(wine::tool());
        steps.push(Step {
            tools,
            ..step(
                "wine",
                "the tests of the console's client and of `tale`, for Windows, under Wine",
                Check::Own(wine::tests),
                "docs/testing.md describes the differences between Wine and Windows.",
            )
        });
        steps.push(Step {
            tools: vec![Tool::Optional("valgrind", "apt-get install valgrind")],
            ..step(
                "instructions",
                "instructions of the hot paths",
                Check::Own(|| instructions::run(false)),
                "docs/performance.md describes the counts; if a change is worth its cost, run `cargo xtask instructions --renew`.",
            )
        });
        for (name, package) in [("main socket", "alta-ws"), ("console", "att-console")] {
            steps.push(step(
                "soak",
                &format!("a minute of the {name}'s soak"),
                Check::Cargo(words(&format!("bench -p {package} --bench soak -- --quick"))),
                "docs/reliability.md says what it counts; `cargo xtask soak --quick` runs the soaks alone.",
            ));
        }
        steps.push(step(
            "build-packages",
            "each package, built from the files that it contains",
            Check::Cargo(words(
                "package --workspace --exclude xtask --exclude yardstick --allow-dirty",
            )),
            "a published crate cannot read a file outside its folder; tests that need one go to `tests/`.",
        ));
    }
    for package in packages {
        steps.extend(alone(package, full));
        if COMBINED.contains(&package.name.as_str()) {
            steps.push(combined(package, full)?);
        }
    }
    Ok(steps)
}

/// The `rust-version` of the workspace.
const MINIMUM: &str = "1.88";

/// The package that needs a newer compiler.
const NEWER: &str = "pytale-cli";

/// The packages of which every combination of features has to build, since their features leave parts out.
const COMBINED: [&str; 2] = ["alta-bot", "pytale"];

/// The feature that builds the most third-party crates.
const APART: &str = "hyper";

/// Every combination takes minutes, so the plain run checks all pairs of features: code that fails only with three features is
/// left to `--full`.
fn combined(package: &Package, full: bool) -> Result<Step, Error> {
    let mut sets = combinations::of(package)?;
    if !full {
        sets.retain(|set| set.len() <= 2);
    }
    let (name, count) = (package.name.to_string(), sets.len());
    Ok(Step {
        id: "alone",
        name: format!("{name} alone, each of {count} combinations of its features"),
        check: Check::Combinations(name, sets),
        tools: Vec::new(),
        advice: BY_FEATURE,
    })
}

const BY_FEATURE: &str = "put code that needs a feature behind `#[cfg(feature = …)]`, or name the missing feature of a dependency \
                          in the Cargo.toml of the crate.";

/// Checks a crate by itself, so that it cannot depend on features that other crates of the workspace enable.
fn alone(package: &Package, full: bool) -> Vec<Step> {
    let target = if package
        .targets
        .iter()
        .any(|target| target.is_kind(TargetKind::Lib))
    {
        "--lib"
    } else {
        "--bins"
    };
    let name = &package.name;
    let step = |with: &str, flags: &str| Step {
        id: "alone",
        name: format!("{name} alone, {with}"),
        check: Check::Cargo(words(&format!(
            "clippy --no-deps -p {name} {target}{flags} -- -D warnings"
        ))),
        tools: Vec::new(),
        advice: BY_FEATURE,
    };

    let mut steps = vec![step("default features", "")];
    let features = || {
        package
            .features
            .keys()
            .filter(|feature| *feature != "default")
    };
    // A crate without features is the same with and without default features.
    if features().next().is_some() {
        steps.push(step("no features", " --no-default-features"));
    }
    if full && !COMBINED.contains(&name.as_str()) {
        steps.extend(features().map(|feature| {
            step(
                &format!("feature {feature}"),
                &format!(" --no-default-features --features {feature}"),
            )
        }));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_toolchain_is_the_one_that_the_manifests_name() {
        for package in metadata().unwrap().workspace_packages() {
            if package.name.as_str() == NEWER {
                continue;
            }
            let named = package.rust_version.as_ref().unwrap();
            assert_eq!(format!("{}.{}", named.major, named.minor), MINIMUM);
        }
    }
}
