//! Tools that some checks need and that not every machine has.

use crate::Error;
use std::borrow::Cow;
use std::process::{Command, Stdio};

pub(crate) const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// Some dependencies compile C code even for a check.
pub(crate) const WINDOWS_C_COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// Two tools that every build for Windows needs.
pub(crate) fn windows_tools() -> Vec<Tool> {
    let install = "apt-get install gcc-mingw-w64-x86-64-win32";
    let compiler = Tool::Program(WINDOWS_C_COMPILER, install);
    vec![Tool::Target(WINDOWS.into()), compiler]
}

/// A tool besides the toolchain that builds the workspace.
#[derive(Clone, Debug)]
pub(crate) enum Tool {
    /// A program on the path that accepts `--version`, and the command that installs it.
    Program(&'static str, &'static str),
    /// The same. Its check may be skipped on every machine.
    Optional(&'static str, &'static str),
    /// The standard library of another target.
    Target(Cow<'static, str>),
    /// Another toolchain.
    Toolchain(&'static str),
}

impl Tool {
    pub(crate) fn is_there(&self) -> bool {
        match self {
            Self::Program(name, _) | Self::Optional(name, _) => Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
            Self::Target(name) => lists(&["target", "list", "--installed"], name),
            Self::Toolchain(name) => lists(&["toolchain", "list"], &format!("{name}-")),
        }
    }

    /// Prints that a check is skipped because this tool is missing. Fails on a machine for continuous integration, where
    /// `CI` is set, unless the tool is optional.
    pub(crate) fn skip(&self) -> Result<(), Error> {
        let how = match self {
            Self::Program(name, install) | Self::Optional(name, install) => {
                format!("{name} is not installed; `{install}` installs it")
            }
            Self::Target(name) => format!("`rustup target add {name}` installs the target"),
            Self::Toolchain(name) => format!(
                "`rustup toolchain install {name} --profile minimal` installs the toolchain"
            ),
        };
        if std::env::var_os("CI").is_some() && !matches!(self, Self::Optional(..)) {
            return Err(how.into());
        }
        println!("    skipped: {how}");
        Ok(())
    }
}

/// Returns whether a line of rustup's list begins with `name`.
fn lists(args: &[&str], name: &str) -> bool {
    Command::new("rustup")
        .args(args)
        .output()
        .is_ok_and(|output| {
            let text = String::from_utf8_lossy(&output.stdout);
            text.lines().any(|line| line.starts_with(name))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_noticed() {
        assert!(Tool::Program("cargo", "").is_there());
        assert!(!Tool::Program("no-such-program", "").is_there());
        assert!(!Tool::Target("no-such-target".into()).is_there());
        assert!(!Tool::Toolchain("0.1").is_there());
    }
}
