//! Macros: named lists of steps, which the console and `tale macro` run.

mod step;
mod store;
mod target;

use crate::context::Context;
use crate::failure::{Failure, Status};
use crate::interrupt::until_interrupt;
use crate::render;
use clap::Args;
use pytale::Console;
use pytale::console::Config;
use std::path::PathBuf;
use std::time::Duration;
pub(crate) use step::{Macro, arguments};
pub(crate) use store::{list, load, names, remove, save};

const HOW_TO_DEFINE: &str =
    "`:macro NAME = COMMAND; wait 2; COMMAND {1}` in `tale console` defines one";

#[derive(Debug, Args)]
#[command(
    after_long_help = "Macros are defined in `tale console`: `:macro NAME = COMMAND; wait 2; COMMAND {1}`. Each is a file with \
one step on each line. An argument is one argument of the command, whatever it contains; {target} is the id of the online player that \
the first argument names. The first failed step ends the macro.

Examples:
  tale macro
  tale macro welcome \"Elder Toad\"
  tale macro --file welcome.txt \"Elder Toad\""
)]
pub(crate) struct MacroOptions {
    /// The macro; without one, all macros are listed.
    name: Option<String>,
    /// The arguments for {1}, {2} and so on. {target} is the player that the first one names.
    arguments: Vec<String>,
    /// Run the steps of this file instead of a macro of the console. All other words are arguments.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The timeout of each command in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = crate::seconds::seconds)]
    timeout: Duration,
    /// Keep trying to connect for so many seconds. By default, the first failed attempt ends the program.
    #[arg(long, value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    wait: Option<Duration>,
}

pub(crate) async fn run(options: &MacroOptions, context: &Context) -> Result<(), Failure> {
    let mut arguments = options.arguments.clone();
    let found = match (&options.file, &options.name) {
        (Some(file), first) => {
            arguments.splice(..0, first.clone());
            store::load_file(file)?
        }
        (None, Some(name)) => load(name)?,
        (None, None) => {
            context.output.line(format_args!("{}", overview()?));
            return Ok(());
        }
    };
    found.check(&arguments)?;
    let target = context.target()?;
    let config = Config::default().request_timeout(options.timeout);
    let console = crate::server::connect(&target, config, options.wait).await?;
    let show = |text: &str| context.output.line(format_args!("{text}"));
    let work = perform(&found, &arguments, &console, show);
    let effect = || Some("the last command of the macro may have run".to_owned());
    let result = until_interrupt(work, effect).await;
    console.close().await;
    result
}

/// All macros with their steps.
pub(crate) fn overview() -> Result<String, Failure> {
    let macros = list()?;
    if macros.is_empty() {
        return Ok(format!("no macro is defined; {HOW_TO_DEFINE}"));
    }
    let rows = macros
        .iter()
        .map(|(name, steps)| [name.clone(), steps.clone()]);
    Ok(render::table(render::width(), ["macro", "steps"], rows))
}

/// Runs the steps, and shows the result of each command. Stops at the first failure, and names its step.
pub(crate) async fn perform(
    steps: &Macro,
    arguments: &[String],
    console: &Console,
    show: impl Fn(&str),
) -> Result<(), Failure> {
    steps.check(arguments)?;
    // Before the first step: nothing is sent for a player who is not online.
    let target = match arguments.first() {
        Some(named) if steps.has_target() => Some(target::find(console, named).await?),
        _ => None,
    };
    let count = steps.steps().len();
    for (number, step) in steps.steps().iter().enumerate() {
        let failed = |failure: Failure| failure.of(&format!("step {} of {count}", number + 1));
        match step {
            step::Step::Wait(duration) => tokio::time::sleep(*duration).await,
            step::Step::Command(words) => {
                let command = step::command(words, arguments, target);
                let reply = console.command(command).await;
                let reply = reply.map_err(|error| failed(error.into()))?;
                show(&render::print_reply(&reply, render::width()));
            }
        }
    }
    Ok(())
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(Status::Usage, message)
}
