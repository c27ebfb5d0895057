//! The main socket's soak, in release mode.

use crate::{Error, cargo};

/// Runs it: a minute if `quick`, otherwise ten and more.
pub(crate) fn run(quick: bool) -> Result<(), Error> {
    let mut command = cargo();
    command.args(["bench", "-p", "alta-ws", "--bench", "soak"]);
    if quick {
        command.args(["--", "--quick"]);
    }
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err("a promise was broken, see above".into())
    }
}
