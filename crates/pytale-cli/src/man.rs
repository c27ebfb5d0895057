//! `tale man`: the manual pages of the program and of its subcommands.

use crate::context::Context;
use crate::failure::Failure;
use clap_mangen::Man;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  tale man | man -l -
  tale man --dir ~/.local/share/man/man1")]
pub(crate) struct ManOptions {
    /// Write the pages of the program and of each subcommand into this folder, which is created.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// Prints or writes the pages of the command line of the program.
pub(crate) fn run(
    options: &ManOptions,
    program: clap::Command,
    context: &Context,
) -> Result<(), Failure> {
    let Some(folder) = &options.dir else {
        let mut page = Vec::new();
        Man::new(program)
            .render(&mut page)
            .map_err(|error| Failure::io("writing the manual page", &error))?;
        let page = String::from_utf8_lossy(&page);
        context
            .output
            .line(format_args!("{}", page.trim_end_matches('\n')));
        return Ok(());
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(program, folder))
        .map_err(|error| {
            Failure::io(
                format_args!("writing manual pages to {}", folder.display()),
                &error,
            )
        })
}
