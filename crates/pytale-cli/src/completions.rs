//! `tale completions`: the script with which a shell completes subcommands and options.

use crate::context::Context;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  tale completions bash > ~/.local/share/bash-completion/completions/tale
  tale completions zsh > ~/.zfunc/_tale
  tale completions fish > ~/.config/fish/completions/tale.fish
  tale completions powershell >> $PROFILE")]
pub(crate) struct CompletionsOptions {
    /// The shell that reads the script.
    shell: Shell,
}

/// Prints the script for the command line of the program.
pub(crate) fn run(options: &CompletionsOptions, mut program: clap::Command, context: &Context) {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut program, "tale", &mut script);
    let script = String::from_utf8_lossy(&script);
    context
        .output
        .line(format_args!("{}", script.trim_end_matches('\n')));
}
