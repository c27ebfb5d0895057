//! Everything that has to pass before a change goes in, cheapest first.

use std::process::Command;
use std::time::{Duration, Instant};

use cargo_metadata::{Package, TargetKind};

use crate::{
    Error, architecture, cargo, combinations, endpoints, fixtures, metadata, root, tools::Tool,
};

/// One thing to check.
struct Step {
    name: String,
    check: Check,
    /// What it needs beside this toolchain.
    tools: &'static [Tool],
    /// What to do when it fails.
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
    /// The same, with the documentation's warnings as errors.
    Doc(Vec<String>),
    /// The fixtures.
    Fixtures,
    /// The generated part of the architecture's page.
    Architecture,
    /// The page of the endpoints.
    Endpoints,
    /// A package with each of these sets of features.
    Combinations(String, Vec<Vec<String>>),
}

/// Runs every step in order and stops at the first that fails.
pub(crate) fn run(full: bool) -> Result<(), Error> {
    let packages = metadata()?
        .workspace_packages()
        .into_iter()
        .cloned()
        .collect::<Vec<_>>();
    let steps = steps(&packages, full)?;
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
        let outcome = perform(&step.check);
        let time = begun.elapsed();
        if let Err(error) = outcome {
            return Err(format!(
                "{} failed after {}: {error}\nWhat to do: {}",
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
        Check::Fixtures => return fixtures::run(None, false),
        Check::Architecture => return architecture::run(true),
        Check::Endpoints => return endpoints::run(true),
        Check::Combinations(package, sets) => {
            return combinations::check(package, APART, sets);
        }
        Check::Cargo(args) => command.args(args),
        Check::OtherCargo { toolchain, args } => {
            command = other_cargo(toolchain)?;
            command.args(args)
        }
        Check::Doc(args) => command.args(args).env("RUSTDOCFLAGS", "-D warnings"),
    };
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo ended with {status}").into())
    }
}

/// Its builds cannot be shared with this toolchain's, which they would only crowd out.
fn other_cargo(toolchain: &str) -> Result<Command, Error> {
    let target = metadata()?.target_directory.join(toolchain);
    let mut command = Command::new("rustup");
    command.current_dir(root());
    command.args(["run", toolchain, "cargo"]);
    command.env("CARGO_TARGET_DIR", target);
    // Cargo sets these for the programs that it runs; they name this toolchain.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    Ok(command)
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn steps(packages: &[Package], full: bool) -> Result<Vec<Step>, Error> {
    let step = |name: &str, check, advice| Step {
        name: name.to_owned(),
        check,
        tools: &[],
        advice,
    };
    let mut steps = vec![
        step(
            "format",
            Check::Cargo(words("fmt --all --check")),
            "run `cargo fmt --all`.",
        ),
        step(
            "recordings",
            Check::Fixtures,
            "read fixtures/README.md; `cargo xtask test-fixtures --filter NAME` shows one recording.",
        ),
        step(
            "the page of the architecture",
            Check::Architecture,
            "run `cargo xtask architecture`.",
        ),
        step(
            "the page of the endpoints",
            Check::Endpoints,
            "run `cargo xtask endpoints`.",
        ),
        Step {
            tools: &[Tool::Program("cargo-deny")],
            ..step(
                "licenses, sources and versions of dependencies",
                Check::Cargo(words("deny --all-features check licenses bans sources")),
                "deny.toml says what is allowed, and why.",
            )
        },
        step(
            "lints, all features",
            Check::Cargo(words(
                "clippy --workspace --all-targets --all-features -- -D warnings",
            )),
            "do what clippy says; an `#[allow]` needs its reason.",
        ),
        step(
            "tests and examples in the documentation, all features",
            Check::Cargo(words("test --workspace --all-features")),
            "run the one test that failed with `cargo test -p CRATE NAME`.",
        ),
        step(
            "documentation",
            Check::Doc(words("doc --no-deps --workspace --all-features")),
            "mend the links and the missing words that rustdoc names.",
        ),
        Step {
            tools: &[Tool::Target(WINDOWS), Tool::Program(WINDOWS_C_COMPILER)],
            ..step(
                "every target for Windows",
                Check::Cargo(words(&format!(
                    "check --workspace --all-targets --all-features --target {WINDOWS}"
                ))),
                "put what only one platform has behind `#[cfg(unix)]` or `#[cfg(windows)]`, with the other's way beside it.",
            )
        },
        Step {
            tools: &[Tool::Toolchain(MINIMUM)],
            ..step(
                "every target with the minimum supported Rust version",
                Check::OtherCargo {
                    toolchain: MINIMUM,
                    args: words("check --workspace --all-targets --all-features"),
                },
                "use what that version has, or raise `rust-version` in Cargo.toml and README.md; that is a minor change.",
            )
        },
        step(
            "a build with two TLS providers",
            Check::Cargo(words(
                "run --quiet --manifest-path xtask/two-providers/Cargo.toml",
            )),
            "name the provider where a TLS configuration is built: rustls cannot choose between two.",
        ),
    ];
    if full {
        steps.push(step(
            "a minute of the main socket's soak",
            Check::Cargo(words("bench -p alta-ws --bench soak -- --quick")),
            "docs/reliability.md says what it counts; `cargo xtask soak main-socket --quick` runs it alone.",
        ));
        steps.push(step(
            "a minute of the console's soak",
            Check::Cargo(words("bench -p att-console --bench soak -- --quick")),
            "docs/reliability.md says what it counts; `cargo xtask soak console --quick` runs it alone.",
        ));
    }
    for package in packages {
        steps.extend(alone(package, full));
        if COMBINED.contains(&package.name.as_str()) {
            steps.push(combined(package)?);
        }
    }
    Ok(steps)
}

const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// Some dependencies compile C even for a check.
const WINDOWS_C_COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// The `rust-version` of the workspace.
const MINIMUM: &str = "1.88";

/// Whose features are there to leave parts out: every combination has to build.
const COMBINED: [&str; 2] = ["alta-bot", "pytale"];

/// The feature that brings the most of other people's crates.
const APART: &str = "hyper";

fn combined(package: &Package) -> Result<Step, Error> {
    let sets = combinations::of(package)?;
    let (name, count) = (package.name.to_string(), sets.len());
    Ok(Step {
        name: format!("{name} alone, each of {count} combinations of its features"),
        check: Check::Combinations(name, sets),
        tools: &[],
        advice: BY_FEATURE,
    })
}

const BY_FEATURE: &str = "put what needs a feature behind `#[cfg(feature = …)]`, or name the missing feature of a dependency in the \
                          crate's own Cargo.toml.";

/// A crate by itself, so that it cannot live on features which its neighbours switched on.
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
        name: format!("{name} alone, {with}"),
        check: Check::Cargo(words(&format!(
            "clippy --no-deps -p {name} {target}{flags} -- -D warnings"
        ))),
        tools: &[],
        advice: BY_FEATURE,
    };

    let mut steps = vec![step("default features", "")];
    let features = || {
        package
            .features
            .keys()
            .filter(|feature| *feature != "default")
    };
    // Without features of its own, a crate is the same with none.
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
            let named = package.rust_version.as_ref().unwrap();
            assert_eq!(format!("{}.{}", named.major, named.minor), MINIMUM);
        }
    }
}
