//! `debug …`: how the server fares.

use crate::command::Command;
use serde_json::Value;

/// Tells how the server fares, frames a second among others.
///
/// `debug server-stats`: returns `{fps: [float], more}`. Attested by TavernLauncher's list and att-client.
#[doc(alias = "debug server-stats")]
pub fn server_stats() -> Command<Value> {
    Command::new("debug server-stats").returning()
}
