//! `cargo xtask bench`: builds and runs the benchmarks of `xtask/yardstick`.

use crate::{Error, cargo, metadata};
use std::process::Command;

/// Both programs of the package: one of them counts allocations.
const PACKAGE: [&str; 5] = ["--quiet", "--profile", "bench", "--package", "yardstick"];

/// The same with `tale`, which is measured.
const CLOUD: [&str; 7] = [
    "--quiet",
    "--profile",
    "bench",
    "--package",
    "yardstick",
    "--package",
    "pytale-cli",
];

/// Builds the programs as they are measured.
pub(crate) fn build() -> Result<(), Error> {
    succeed(cargo().arg("build").args(PACKAGE))
}

/// Measures, and prints a line for each figure.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let (package, command, arguments) = match arguments.split_first() {
        // The service is the program `tale`.
        Some((area, flags)) if area == "cloud" => (&CLOUD[..], "cloud", flags),
        _ => (&PACKAGE[..], "run", arguments),
    };
    succeed(cargo().arg("build").args(package))?;
    // The folder of the profile `bench`.
    let folder = metadata()?.target_directory.join("release");
    let program = folder.join(format!("yardstick{}", std::env::consts::EXE_SUFFIX));
    succeed(Command::new(program).arg(command).args(arguments))
}

/// Runs a command, which has to succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<(), Error> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} ended with {status}", command.get_program().display()).into())
    }
}
