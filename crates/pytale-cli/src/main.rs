//! `tale`: a demo of the library, and tools for consoles.

mod anonymize;
mod args;
mod demo;
mod output;

use anstream::{AutoStream, ColorChoice};
use args::{Args, Command};
use clap::Parser as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    log_to_stderr(args.verbose);
    let result = match args.command {
        Command::Demo(options) => demo::run(&options).await,
        Command::Anonymize(options) => anonymize::run(&options),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output::error_line(format_args!("tale: {}", with_sources(&*error)));
            ExitCode::FAILURE
        }
    }
}

/// The level is debug at most: at trace, the websocket library logs the handshake request, which contains a token.
fn log_to_stderr(verbosity: u8) {
    let level = match verbosity {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = EnvFilter::new(format!("{level},tungstenite=info,tokio_tungstenite=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(AutoStream::choice(&std::io::stderr()) != ColorChoice::Never)
        // A log line that cannot be written must not end the program.
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .init();
}

/// An error and its sources, in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
