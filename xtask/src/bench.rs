//! `cargo xtask bench`: builds and runs the benchmarks of `xtask/yardstick`.

use crate::{Error, cargo};

/// Both programs of the package: one of them counts allocations.
const PACKAGE: [&str; 5] = ["--quiet", "--profile", "bench", "--package", "yardstick"];

/// Builds the programs as they are measured.
pub(crate) fn build() -> Result<(), Error> {
    succeed(cargo().arg("build").args(PACKAGE))
}

/// Measures, and prints a line for each figure.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    build()?;
    let mut run = cargo();
    run.arg("run").args(PACKAGE).args(["--", "run"]);
    succeed(run.args(arguments))
}

fn succeed(command: &mut std::process::Command) -> Result<(), Error> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo ended with {status}").into())
    }
}
