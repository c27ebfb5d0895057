//! `cargo xtask bench`: builds and runs the benchmarks of `xtask/yardstick`.

use crate::{Error, cargo, start_time};

/// Both programs of the package: one of them counts allocations.
const PACKAGE: [&str; 5] = ["--quiet", "--profile", "bench", "--package", "yardstick"];

/// Builds the programs as they are measured.
pub(crate) fn build() -> Result<(), Error> {
    succeed(cargo().arg("build").args(PACKAGE))
}

/// Measures, and prints a line for each figure.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    if let Some((area, flags)) = arguments.split_first()
        && area == "tale"
    {
        return start_time::run(flags);
    }
    build()?;
    let mut run = cargo();
    run.arg("run").args(PACKAGE).args(["--", "run"]);
    succeed(run.args(arguments))
}

/// Runs a command, which has to succeed.
pub(crate) fn succeed(command: &mut std::process::Command) -> Result<(), Error> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} ended with {status}", command.get_program().display()).into())
    }
}
