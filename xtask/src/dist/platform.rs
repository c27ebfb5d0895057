//! The platforms of a release, and the way to run their programs on this machine.

use crate::Error;
use crate::tools::{Tool, WINDOWS, windows_tools};
use crate::wine::{self, Wine};
use std::env::consts;
use std::path::Path;
use std::process::Command;

/// The target of a build.
pub(crate) struct Platform {
    pub(crate) target: String,
}

/// Runs a program of a target.
pub(crate) enum Runner {
    Native,
    /// The layer of macOS for programs of another processor.
    Rosetta,
    Wine(Wine),
}

/// The targets that this platform can build.
pub(crate) fn defaults() -> Vec<String> {
    let arch = consts::ARCH;
    match consts::OS {
        "windows" => vec![format!("{arch}-pc-windows-msvc")],
        "macos" => vec![format!("{arch}-apple-darwin")],
        _ => vec![format!("{arch}-unknown-linux-musl"), WINDOWS.to_owned()],
    }
}

impl Platform {
    pub(crate) fn new(target: String) -> Self {
        Self { target }
    }

    pub(crate) fn is_windows(&self) -> bool {
        self.target.contains("windows")
    }

    pub(crate) fn is_musl(&self) -> bool {
        self.target.ends_with("linux-musl")
    }

    /// The name of the file of a program.
    pub(crate) fn file_name(&self, program: &str) -> String {
        let extension = if self.is_windows() { ".exe" } else { "" };
        format!("{program}{extension}")
    }

    /// The tools that a build needs.
    pub(crate) fn tools(&self) -> Vec<Tool> {
        let mut tools = vec![
            Tool::Target(self.target.clone().into()),
            super::python::tool(),
        ];
        if self.is_musl() {
            tools.push(Tool::Program("musl-gcc", "apt-get install musl-tools"));
        }
        if self.target == WINDOWS && consts::OS != "windows" {
            tools.extend(windows_tools());
        }
        tools
    }

    /// Returns `None`, and says so, if this machine cannot run the programs.
    pub(crate) fn runner(&self) -> Result<Option<Runner>, Error> {
        let os = match consts::OS {
            "macos" => "darwin",
            other => other,
        };
        if self.target.starts_with(consts::ARCH) && self.target.contains(os) {
            return Ok(Some(Runner::Native));
        }
        if self.target == "x86_64-apple-darwin" && has_rosetta() {
            return Ok(Some(Runner::Rosetta));
        }
        if self.target != WINDOWS {
            println!(
                "    not tried: this machine does not run programs for {}",
                self.target
            );
            return Ok(None);
        }
        let tool = wine::tool();
        if tool.is_there() {
            return Ok(Some(Runner::Wine(Wine::prepare()?)));
        }
        println!("    the trial of the programs:");
        tool.skip()?;
        Ok(None)
    }
}

impl Runner {
    pub(crate) fn command(&self, program: &Path) -> Command {
        match self {
            Self::Native | Self::Rosetta => Command::new(program),
            Self::Wine(wine) => wine.command(program),
        }
    }

    pub(crate) fn is_native(&self) -> bool {
        matches!(self, Self::Native)
    }
}

fn has_rosetta() -> bool {
    let mut command = Command::new("arch");
    command.args(["-x86_64", "/usr/bin/true"]);
    consts::OS == "macos" && command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_for_windows_has_its_extension() {
        let windows = Platform::new(WINDOWS.to_owned());
        assert_eq!(windows.file_name("tale"), "tale.exe");
        let linux = Platform::new("x86_64-unknown-linux-musl".to_owned());
        assert_eq!(linux.file_name("tale"), "tale");
    }

    #[test]
    fn a_program_of_this_machine_runs_without_wine() {
        let target = defaults().swap_remove(0);
        let runner = Platform::new(target).runner().unwrap();
        assert!(runner.is_some_and(|runner| runner.is_native()));
    }
}
