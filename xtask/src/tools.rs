//! Tools that some checks need and not every machine has.

use std::process::{Command, Stdio};

use crate::Error;

/// A tool beside the toolchain that builds the workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    /// A program on the path, which answers to `--version`.
    Program(&'static str),
    /// The standard library of another target.
    Target(&'static str),
    /// Another toolchain.
    Toolchain(&'static str),
}

impl Tool {
    pub(crate) fn is_there(self) -> bool {
        match self {
            Self::Program(name) => Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
            Self::Target(name) => lists(&["target", "list", "--installed"], name),
            Self::Toolchain(name) => lists(&["toolchain", "list"], &format!("{name}-")),
        }
    }

    /// Says that a check is left out for want of this tool. On a machine for continuous integration, where `CI` is set, only
    /// programs that the checks do without may be missing.
    pub(crate) fn skip(self) -> Result<(), Error> {
        let how = match self {
            Self::Program(name) => format!("{name} is not installed"),
            Self::Target(name) => format!("`rustup target add {name}` installs what it needs"),
            Self::Toolchain(name) => {
                format!(
                    "`rustup toolchain install {name} --profile minimal` installs what it needs"
                )
            }
        };
        if std::env::var_os("CI").is_some() && !matches!(self, Self::Program("cargo-deny")) {
            return Err(how.into());
        }
        println!("    left out: {how}");
        Ok(())
    }
}

/// Whether a line of what rustup lists begins with this.
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
    fn what_is_not_there_is_noticed() {
        assert!(Tool::Program("cargo").is_there());
        assert!(!Tool::Program("no-such-program").is_there());
        assert!(!Tool::Target("no-such-target").is_there());
        assert!(!Tool::Toolchain("0.1").is_there());
    }
}
