//! Python, which reads and writes archives on every platform, and installs wheels.

use crate::Error;
use crate::tools::Tool;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAMES: [&str; 2] = ["python3", "python"];

const INSTALL: &str = "apt-get install python3-venv";

/// The tool whose absence skips a part.
pub(crate) fn tool() -> Tool {
    Tool::Program(name(), INSTALL)
}

fn name() -> &'static str {
    NAMES
        .into_iter()
        .find(|name| Tool::Program(name, INSTALL).is_there())
        .unwrap_or(NAMES[0])
}

/// Runs a module of the standard library.
pub(crate) fn module(name_of_module: &str, folder: &Path) -> Command {
    let mut command = Command::new(name());
    command.args(["-m", name_of_module]).current_dir(folder);
    command
}

/// The folder of the packages of an environment.
pub(crate) fn packages(python: &Path) -> Result<PathBuf, Error> {
    let code = "import sysconfig; print(sysconfig.get_path('platlib'))";
    let output = Command::new(python).args(["-c", code]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().into())
}
