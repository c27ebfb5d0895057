//! `save …`: saving the world.

use crate::command::Command;

/// Saves the world.
///
/// `save now`: what it returns is not attested. What it does is inferred from its name. Attested by TavernLauncher's
/// list.
#[doc(alias = "save now")]
pub fn now() -> Command {
    Command::new("save now")
}

/// Makes a backup of the save.
///
/// `save backup <isInstant: bool>`: what it returns is not attested. What it does is inferred from its name. Types are
/// inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "save backup")]
pub fn backup(is_instant: bool) -> Command {
    Command::new("save backup").arg(is_instant)
}
