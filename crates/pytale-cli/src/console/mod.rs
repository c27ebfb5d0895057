//! `tale console`: commands and events of one server in a terminal.
//!
//! The editor reads lines in a thread of its own, since it blocks. The session receives them and decides everything; all output
//! goes through the printer, which keeps the line that is being typed intact.

mod directive;
mod editor;
mod feed;
mod helper;
mod history;
mod lexicon;
mod line;
mod printer;
mod recordings;
mod session;
mod terminal_mode;
mod watches;

use crate::context::Context;
use crate::exec::{self, ExecOptions};
use crate::failure::Failure;
use crate::server;
use crate::transcript::Recorder;
use clap::Args;
use std::io::{IsTerminal as _, stdin};

#[derive(Debug, Args)]
#[command(
    after_long_help = "Lines that begin with a colon are for the program; :help lists them. Tab completes commands, \
names of players, events and values.

Examples:
  tale console
  tale console --sub PlayerJoined --sub PlayerLeft
  tale console --profile away
  echo \"player list\" | tale console"
)]
pub(crate) struct ConsoleOptions {
    /// Subscribe to this event at the start; `*` for all events. Can be repeated.
    #[arg(long, value_name = "EVENT")]
    sub: Vec<String>,
}

pub(crate) async fn run(options: &ConsoleOptions, context: &Context) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        return exec::run(&ExecOptions::of_standard_input(), context).await;
    }
    let target = context.target()?;
    let recorder = Recorder::default();
    let console = server::open(&target, recorder.config()?).await?;
    let result = session::run(&console, &target, &options.sub, recorder).await;
    console.close().await;
    result
}
