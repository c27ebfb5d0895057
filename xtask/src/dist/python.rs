//! Python, which reads and writes archives on every platform, and installs wheels.

use crate::tools::Tool;
use std::path::Path;
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
