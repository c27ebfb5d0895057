//! Measures time and resident memory. `cargo xtask bench` runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    yardstick::run(None)
}
