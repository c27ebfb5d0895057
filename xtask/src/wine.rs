//! Wine, which runs programs for Windows on other platforms.

use crate::tools::{Tool, WINDOWS, WINDOWS_C_COMPILER};
use crate::{Error, cargo, metadata, root};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian installs the program `wine64` outside the path.
const NAMES: [&str; 3] = ["wine64", "wine", "/usr/lib/wine/wine64"];

/// The library that Wine before version 9 lacks.
const LIBRARY: &str = "bcryptprimitives.dll";

/// The installation of Wine, with a folder of settings of its own.
#[derive(Clone, Debug)]
pub(crate) struct Wine {
    program: &'static str,
    folder: PathBuf,
}

/// The tool whose absence skips a check.
pub(crate) fn tool() -> Tool {
    let name = installed().unwrap_or(NAMES[0]);
    Tool::Optional(name, "apt-get install wine64")
}

fn installed() -> Option<&'static str> {
    NAMES
        .into_iter()
        .find(|name| Tool::Optional(name, "").is_there())
}

impl Wine {
    /// Builds the missing library, and creates the folder of settings.
    pub(crate) fn prepare() -> Result<Self, Error> {
        let program = installed().ok_or("Wine is not installed")?;
        let folder = metadata()?
            .target_directory
            .join("wine")
            .into_std_path_buf();
        std::fs::create_dir_all(&folder)?;
        let status = Command::new(WINDOWS_C_COMPILER)
            .args(["-shared", "-O1", "-o"])
            .arg(folder.join(LIBRARY))
            .arg(root().join("xtask/wine/bcryptprimitives.c"))
            .arg("-ladvapi32")
            .status()?;
        if status.success() {
            Ok(Self { program, folder })
        } else {
            Err(format!("building a library for Wine: {status}").into())
        }
    }

    /// Runs a program for Windows.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(self.program);
        command.arg(program);
        self.configure(&mut command);
        command
    }

    fn configure(&self, command: &mut Command) {
        command
            .env("WINEPREFIX", self.folder.join("prefix"))
            // Wine looks for libraries in this folder, too.
            .env("WINEPATH", &self.folder)
            .env("WINEDEBUG", "-all")
            // The programs need neither .NET nor a browser, whose installers would ask.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=");
    }
}

/// Runs the tests of the console's client and of `tale`, which runs `tale.exe`.
pub(crate) fn tests() -> Result<(), Error> {
    let wine = Wine::prepare()?;
    // Beside `tale.exe`, too, which some tests run with another path.
    let programs = metadata()?
        .target_directory
        .join(WINDOWS)
        .join("debug")
        .into_std_path_buf();
    std::fs::create_dir_all(&programs)?;
    std::fs::copy(wine.folder.join(LIBRARY), programs.join(LIBRARY))?;
    let mut command = cargo();
    command
        .args(["test", "--all-features", "--no-fail-fast"])
        .args(["--target", WINDOWS])
        .args([
            "-p",
            "att-console",
            "-p",
            "pytale-cli",
            "--lib",
            "--bins",
            "--tests",
        ])
        .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", wine.program);
    wine.configure(&mut command);
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the tests ended with {status}").into())
    }
}
