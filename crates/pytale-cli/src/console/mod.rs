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
mod view;
mod watches;

use crate::context::Context;
use crate::exec::{self, ExecOptions};
use crate::failure::Failure;
use crate::output::error_line;
use crate::server;
use crate::transcript::Recorder;
use clap::Args;
use std::io::{IsTerminal as _, stdin, stdout};
use tokio::sync::mpsc;

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
    if !can_edit() {
        error_line(format_args!(
            "tale: this terminal has no line editor (TERM is dumb, or standard output is no terminal); each line is run as by `tale exec`"
        ));
        return exec::run(&ExecOptions::of_standard_input(), context).await;
    }
    let target = context.target()?;
    let recorder = Recorder::default();
    let (warn, warnings) = mpsc::unbounded_channel();
    // The session shows a warning above the line that is being typed. It ends after the console.
    let warn = move |text| drop(warn.send(text));
    let console = server::open(&target, recorder.config()?, warn).await?;
    let result = session::run(
        &console,
        &target,
        &options.sub,
        recorder,
        warnings,
        &context.log,
    )
    .await;
    console.close().await;
    result
}

/// Returns whether a line can be edited: the editor moves the cursor.
fn can_edit() -> bool {
    // The values for which the editor itself reads plain lines.
    const PLAIN: [&str; 3] = ["dumb", "cons25", "emacs"];
    let kind = std::env::var("TERM").unwrap_or_default();
    stdout().is_terminal() && !PLAIN.iter().any(|plain| kind.eq_ignore_ascii_case(plain))
}
