//! `tale new`: writes a project with a bot, a test and the first steps.

mod name;
mod pytale;
mod templates;
mod workspace;

use crate::context::Context;
use crate::failure::{Failure, Status};
use clap::Args;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use templates::{Kind, Template};

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale new harbor-bot
  tale new cave-bot --template caves
  tale new town-bot --cloud
  tale new try-out --pytale ../pytale")]
pub(crate) struct NewOptions {
    /// The name of the project and of its new folder: lowercase letters, digits, - and _.
    name: String,
    /// For the cloud instead of self-hosted servers.
    #[arg(long)]
    cloud: bool,
    /// The bot to begin with.
    #[arg(long, value_enum, default_value_t = Template::Welcome)]
    template: Template,
    /// Use the library in this checkout of pytale instead of the published one.
    #[arg(long, value_name = "FOLDER")]
    pytale: Option<PathBuf>,
}

/// Writes the project into a new folder of the current one.
pub(crate) fn run(options: &NewOptions, context: &Context) -> Result<(), Failure> {
    name::check(&options.name)?;
    let dependency = pytale::dependency(options.pytale.as_deref())?;
    let kind = if options.cloud {
        Kind::Cloud
    } else {
        Kind::SelfHosted
    };
    let folder = Path::new(&options.name);
    let workspace = workspace::above(folder)?;
    let mut files = templates::files(kind, options.template, &options.name, &dependency);
    if workspace.is_some() {
        for (_, text) in files.iter_mut().filter(|(path, _)| *path == "Cargo.toml") {
            text.push_str(workspace::OWN);
        }
    }
    create_folder(folder)?;
    if let Err((path, error)) = write(folder, &files) {
        // The folder is new, so it holds nothing but these files.
        let _ = fs::remove_dir_all(folder);
        return Err(Failure::io(
            format_args!("writing {}", path.display()),
            &error,
        ));
    }
    let show = |line: &str| context.output.line(format_args!("{line}"));
    show(&format!("created {}:", options.name));
    for (path, _) in &files {
        show(&format!("  {path}"));
    }
    if let Some(manifest) = workspace {
        show(&format!(
            "the project is a workspace of its own, because {} does not have it as a member",
            manifest.display()
        ));
    }
    show("next steps:");
    if !is_installed("cargo") {
        show("  install Rust: https://rustup.rs");
    }
    show(&format!("  cd {}", options.name));
    show("  cargo test");
    show("  README.md says how to connect the bot to a server");
    Ok(())
}

/// Returns whether a folder of `PATH` has this program.
fn is_installed(program: &str) -> bool {
    let program = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(&program).is_file())
}

fn create_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir(folder).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(
            Status::Usage,
            format!("{} exists already", folder.display()),
        )
        .advice("choose another name, or another current folder; nothing was changed"),
        _ => Failure::io(
            format_args!("creating the folder {}", folder.display()),
            &error,
        ),
    })
}

/// Writes new files. Returns the first one that could not be written.
fn write(folder: &Path, files: &[(&str, String)]) -> Result<(), (PathBuf, io::Error)> {
    for (path, text) in files {
        let path = folder.join(path);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path))
            .and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            return Err((path, error));
        }
    }
    Ok(())
}
