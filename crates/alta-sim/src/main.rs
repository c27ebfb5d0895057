//! The simulator as a program, for clients in any language.

use alta_sim::program::{Arguments, ErrorKind, run};
use clap::Parser;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Simulates A Township Tale's cloud and game servers, until it is interrupted or terminated.
#[derive(Debug, Parser)]
#[command(version)]
struct Program {
    #[command(flatten)]
    arguments: Arguments,
}

#[tokio::main]
async fn main() -> ExitCode {
    let program = Program::parse();
    match run(&program.arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A failure to write to standard error cannot be reported.
            let _ = writeln!(io::stderr(), "alta-sim: {error}");
            match error.kind() {
                ErrorKind::Usage => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}
