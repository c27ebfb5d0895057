//! `festivities …`: what is celebrated.

use super::Prefab;
use crate::command::Command;

/// Lists the festivities.
///
/// `festivities list`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "festivities list")]
pub fn list() -> Command {
    Command::new("festivities list")
}

/// Tells about a festivity.
///
/// `festivities info <festivity: Prefab>`: what it returns is not attested. What it does is inferred from its name.
/// Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "festivities info")]
pub fn info(festivity: impl Into<Prefab>) -> Command {
    Command::new("festivities info").arg(festivity.into())
}

/// Starts a festivity.
///
/// `festivities start <festivity: Prefab>`: what it returns is not attested. Bots give the hash. Types are inferred
/// from the parameters' names. Attested by TavernLauncher's list and att-client.
#[doc(alias = "festivities start")]
pub fn start(festivity: impl Into<Prefab>) -> Command {
    Command::new("festivities start").arg(festivity.into())
}

/// Stops a festivity.
///
/// `festivities stop <festivity: Prefab>`: what it returns is not attested. What it does is inferred from its name.
/// Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "festivities stop")]
pub fn stop(festivity: impl Into<Prefab>) -> Command {
    Command::new("festivities stop").arg(festivity.into())
}
