//! The virtual environment with the Python package `tavernpy`.

use super::install::or_skip;
use super::python::interpreter_with;
use std::path::PathBuf;
use tokio::process::Command;
use tokio::sync::OnceCell;

const VERSION: &str = "1.0.0";

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/tavernpy_bot.py");

/// The command that starts the bot; `None` if the package cannot be installed.
pub(crate) async fn bot() -> Option<Command> {
    static ONCE: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let found = ONCE.get_or_init(async || {
        let name = format!("tavernpy-{VERSION}");
        let python = interpreter_with(&name, &[("tavernpy", VERSION)]).await;
        or_skip(&format!("tavernpy {VERSION}"), python)
    });
    let python = found.await.as_ref()?;
    let mut command = Command::new(python);
    command.args(["-I", SCRIPT]).env_remove("TAVERN_TRACE");
    Some(command)
}
