//! `tale exec`: runs commands and prints their results, one after the other.

use crate::context::Context;
use crate::failure::{Failure, Status};
use crate::output::failure_line;
use crate::render;
use clap::Args;
use pytale::Console;
use pytale::console::{Config, ErrorKind};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale exec \"player list\"
  tale exec \"player message * \\\"Restart in 5 minutes\\\" 10\"
  tale exec --json \"player list\" | jq '.[].username'
  tale exec < commands.txt")]
pub(crate) struct ExecOptions {
    /// The commands, each as one argument. Without any, one command on each line of standard input.
    commands: Vec<String>,
    /// Print the result as JSON, one line for each command.
    #[arg(long)]
    json: bool,
    /// Continue with the next command after a failed one.
    #[arg(long)]
    keep_going: bool,
    /// The timeout of each command in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = crate::seconds::seconds)]
    timeout: Duration,
    /// Keep trying to connect for so many seconds. By default, the first failed attempt ends the program.
    #[arg(long, value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    wait: Option<Duration>,
}

impl ExecOptions {
    /// The options of `tale exec` without arguments.
    pub(crate) fn of_standard_input() -> Self {
        Self {
            commands: Vec::new(),
            json: false,
            keep_going: true,
            timeout: Config::default().request_timeout,
            wait: None,
        }
    }
}

pub(crate) async fn run(options: &ExecOptions, context: &Context) -> Result<(), Failure> {
    let target = context.target()?;
    let config = Config::default().request_timeout(options.timeout);
    let console = crate::server::connect(&target, config, options.wait).await?;
    let result = run_all(options, context, &console).await;
    console.close().await;
    result
}

async fn run_all(
    options: &ExecOptions,
    context: &Context,
    console: &Console,
) -> Result<(), Failure> {
    let mut lines = BufReader::new(stdin()).lines();
    let mut given = options.commands.iter();
    let mut first_failure = None;
    loop {
        let next = if options.commands.is_empty() {
            let read = lines.next_line().await;
            read.map_err(|error| Failure::io("reading commands from standard input", &error))?
        } else {
            given.next().cloned()
        };
        let Some(line) = next else {
            break;
        };
        // An empty line and a comment are no command.
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(failure) = run_one(options, context, console, line).await {
            if !options.keep_going || failure.status() == Status::Io {
                return Err(failure);
            }
            failure_line(&failure);
            first_failure.get_or_insert(failure.status());
        }
        if context.output.is_closed() {
            break;
        }
    }
    match first_failure {
        Some(status) => Err(Failure::new(status, "at least one command failed")),
        None => Ok(()),
    }
}

async fn run_one(
    options: &ExecOptions,
    context: &Context,
    console: &Console,
    line: &str,
) -> Result<(), Failure> {
    match console.command(line).await {
        Ok(reply) if options.json => {
            let result = reply.result().unwrap_or_else(|| json!(reply.text()));
            context.output.line(format_args!("{result}"));
        }
        Ok(reply) => context.output.line(format_args!(
            "{}",
            render::print_reply(&reply, render::width())
        )),
        Err(error) => {
            if options.json {
                context
                    .output
                    .line(format_args!("{}", json!({"error": error.to_string()})));
            }
            let failure = Failure::from(error.clone());
            return Err(match error.kind() {
                ErrorKind::CommandNotFound { suggestions } if suggestions.is_empty() => {
                    failure.advice("`tale exec \"help modules\"` lists the commands; a server that loads its world has few")
                }
                _ => failure,
            });
        }
    }
    Ok(())
}
