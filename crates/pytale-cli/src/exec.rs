//! `tale exec`: runs commands and prints their results, one after the other.

use crate::context::Context;
use crate::failure::{Failure, Status};
use crate::input::lines_of_standard_input;
use crate::interrupt::{may_have_run, until_interrupt};
use crate::output::failure_line;
use crate::render::{Format, json_text, result};
use crate::server::Target;
use clap::Args;
use pytale::Console;
use pytale::console::{Config, ErrorKind};
use pytale::model::escaped;
use serde_json::json;
use std::cell::RefCell;
use std::time::Duration;
use tokio::sync::mpsc;

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale exec \"player list\"
  tale exec \"player message * \\\"Restart in 5 minutes\\\" 10\"
  tale exec --json \"player list\" | jq '.[].username'
  tale exec --csv \"player list\" > players.csv
  tale exec --profile home --profile away \"player list\"
  tale exec < commands.txt")]
pub(crate) struct ExecOptions {
    /// The commands, each as one argument. Without any, one command on each line of standard input.
    commands: Vec<String>,
    #[command(flatten)]
    format: Format,
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
            format: Format::default(),
            keep_going: true,
            timeout: Config::default().request_timeout,
            wait: None,
        }
    }
}

pub(crate) async fn run(options: &ExecOptions, context: &Context) -> Result<(), Failure> {
    let targets = context.targets()?;
    let exec = Exec {
        options,
        context,
        awaited: RefCell::default(),
    };
    let work = async {
        match targets.as_slice() {
            [target] => exec.on(target, None, exec.commands()).await,
            several => exec.on_all(several).await,
        }
    };
    let effect = || exec.awaited.take().map(|line| may_have_run(&line));
    until_interrupt(work, effect).await
}

/// The commands in their order.
enum Commands {
    Given(std::vec::IntoIter<String>),
    Typed(mpsc::Receiver<std::io::Result<String>>),
}

impl Commands {
    async fn next(&mut self) -> Result<Option<String>, Failure> {
        loop {
            let line =
                match self {
                    Self::Given(lines) => lines.next(),
                    Self::Typed(lines) => lines.recv().await.transpose().map_err(|error| {
                        Failure::io("reading commands from standard input", &error)
                    })?,
                };
            let Some(line) = line else {
                return Ok(None);
            };
            let line = line.trim();
            // An empty line and a comment are no command.
            if !line.is_empty() && !line.starts_with('#') {
                return Ok(Some(line.to_owned()));
            }
        }
    }
}

struct Exec<'e> {
    options: &'e ExecOptions,
    context: &'e Context,
    /// The command whose reply is awaited.
    awaited: RefCell<Option<String>>,
}

impl Exec<'_> {
    fn commands(&self) -> Commands {
        if self.options.commands.is_empty() {
            Commands::Typed(lines_of_standard_input())
        } else {
            Commands::Given(self.options.commands.clone().into_iter())
        }
    }

    /// Runs the commands on one server after the other. A failed server does not end those behind it.
    async fn on_all(&self, targets: &[Target]) -> Result<(), Failure> {
        if self.options.format.csv {
            return Err(Failure::usage("--csv prints the results of one server")
                .advice("use --json, which names the server of each result"));
        }
        let mut commands = self.commands();
        let mut lines = Vec::new();
        while let Some(line) = commands.next().await? {
            lines.push(line);
        }
        let mut first_failure = None;
        for target in targets {
            if !self.options.format.json {
                let name = escaped(&target.name).to_string();
                self.context.output.line(format_args!("== {name}"));
            }
            let commands = Commands::Given(lines.clone().into_iter());
            if let Err(failure) = self.on(target, Some(&target.name), commands).await {
                let failure = failure.of(&target.name);
                failure_line(&failure);
                first_failure.get_or_insert(failure.status());
            }
            if self.context.output.is_closed() {
                break;
            }
        }
        match first_failure {
            Some(status) => Err(Failure::new(status, "at least one server failed")),
            None => Ok(()),
        }
    }

    async fn on(
        &self,
        target: &Target,
        named: Option<&str>,
        commands: Commands,
    ) -> Result<(), Failure> {
        let config = Config::default().request_timeout(self.options.timeout);
        let console = crate::server::connect(target, config, self.options.wait).await?;
        let result = tokio::select! {
            result = self.run_all(&console, named, commands) => result,
            () = self.context.output.failed() => Ok(()),
        };
        console.close().await;
        result
    }

    async fn run_all(
        &self,
        console: &Console,
        named: Option<&str>,
        mut commands: Commands,
    ) -> Result<(), Failure> {
        let mut first_failure = None;
        while let Some(line) = commands.next().await? {
            self.awaited.replace(Some(line.clone()));
            let done = self.run_one(console, named, &line).await;
            self.awaited.take();
            if let Err(failure) = done {
                if !self.options.keep_going || failure.status() == Status::Io {
                    return Err(failure);
                }
                failure_line(&failure);
                first_failure.get_or_insert(failure.status());
            }
            if self.context.output.is_closed() {
                break;
            }
        }
        match first_failure {
            Some(status) => Err(Failure::new(status, "at least one command failed")),
            None => Ok(()),
        }
    }

    async fn run_one(
        &self,
        console: &Console,
        named: Option<&str>,
        line: &str,
    ) -> Result<(), Failure> {
        let format = self.options.format;
        if line.starts_with(':') {
            // A directive of the console: a game server would only reply that it does not know it.
            return Err(Failure::usage(format!(
                "{line:?} is a line for the console on a terminal; nothing was sent"
            ))
            .advice(
                "`tale events`, `tale record` and `tale macro` do the same without a terminal",
            ));
        }
        match console.command(line).await {
            Ok(reply) => {
                let text = match named {
                    Some(name) if format.json => {
                        json_text(&json!({"server": name, "result": result(&reply)}))
                    }
                    _ => format.reply(&reply),
                };
                self.context.output.line(format_args!("{}", text?));
                Ok(())
            }
            Err(error) => {
                if format.json {
                    let mut value = json!({"error": error.to_string()});
                    if let Some(name) = named {
                        value["server"] = json!(name);
                    }
                    let text = json_text(&value)?;
                    self.context.output.line(format_args!("{text}"));
                }
                let failure = Failure::from(error.clone());
                Err(match error.kind() {
                    ErrorKind::CommandNotFound { suggestions } if suggestions.is_empty() => failure.advice(
                        "`tale exec \"help modules\"` lists the commands; a server that loads its world has few",
                    ),
                    _ => failure,
                })
            }
        }
    }
}
