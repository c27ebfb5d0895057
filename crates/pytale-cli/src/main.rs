//! `tale`: the console of a server, and the tools of bot authors.

mod account;
mod anonymize;
mod args;
mod bans;
mod completions;
mod console;
mod context;
mod demo;
mod doctor;
mod events;
mod exec;
mod failure;
mod groups;
mod input;
mod interrupt;
mod invites;
mod log;
mod login;
mod macros;
mod man;
mod members;
mod new;
mod output;
mod players;
mod private_cloud;
mod record;
mod render;
mod replay;
mod restart;
mod save;
mod seconds;
mod server;
mod servers;
mod settings;
mod sim;
mod transcript;
mod wait;
mod whoami;

use args::{Args, Command};
use clap::FromArgMatches as _;
use context::Context;
use failure::Failure;
use log::Log;
use output::Output;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let args = parsed();
    let log = Log::start(args.verbose);
    let context = Context {
        options: args.target,
        log,
        output: Output::default(),
    };
    let result = run(&args.command, &context).await;
    let result = result.and_then(|status| context.output.result().map(|()| status));
    match result {
        Ok(status) => status,
        Err(failure) => {
            output::failure_line(&failure);
            failure.exit_code()
        }
    }
}

/// The command line. On a narrow terminal, the help of an option is below it.
fn parsed() -> Args {
    let command = args::command().next_line_help(render::width() < 60);
    let parsed = command
        .try_get_matches()
        .and_then(|mut found| Args::from_arg_matches_mut(&mut found));
    parsed.unwrap_or_else(|error| error.exit())
}

async fn run(command: &Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Console(options) => console::run(options, context).await,
        Command::Exec(options) => exec::run(options, context).await,
        Command::Events(options) => events::run(options, context).await,
        Command::Players(options) => players::run(options, context).await,
        Command::Wait(options) => wait::run(options, context).await,
        Command::Doctor(options) => return doctor::run(options, context).await,
        Command::Restart(options) => restart::run(options, context).await,
        Command::Save(options) => save::run(options, context).await,
        Command::New(options) => new::run(options, context),
        Command::Login(options) => login::run(options, context).await,
        Command::Whoami(options) => whoami::run(options, context).await,
        Command::Groups(options) => groups::run(options, context).await,
        Command::Servers(options) => servers::run(options, context).await,
        Command::Members(options) => members::run(options, context).await,
        Command::Invites(options) => invites::run(options, context).await,
        Command::Bans(options) => bans::run(options, context).await,
        Command::Record(options) => record::run(options, context).await,
        Command::Replay(options) => replay::run(options, context).await,
        Command::Macro(options) => macros::run(options, context).await,
        Command::Cloud(options) => private_cloud::run(options, context).await,
        Command::Demo(options) => demo::run(options).await,
        Command::Sim(options) => sim::run(options).await,
        Command::Anonymize(options) => anonymize::run(options, context),
        Command::Completions(options) => {
            completions::run(options, args::command(), context);
            Ok(())
        }
        Command::Man(options) => man::run(options, args::command(), context),
    }?;
    Ok(ExitCode::SUCCESS)
}
