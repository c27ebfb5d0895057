//! `cargo xtask bench`: builds and runs the benchmarks of `xtask/yardstick`.

use crate::{Error, cargo};

/// Measures, and prints a line for each figure.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    // Both of its programs: one of them counts allocations.
    let package = ["--quiet", "--profile", "bench", "--package", "yardstick"];
    succeed(cargo().arg("build").args(package))?;
    succeed(
        cargo()
            .arg("run")
            .args(package)
            .args(["--", "run"])
            .args(arguments),
    )
}

fn succeed(command: &mut std::process::Command) -> Result<(), Error> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo ended with {status}").into())
    }
}
