//! `world …`: caves and forests.

use crate::argument::{Argument, Target};
use crate::command::Command;

/// Moves players to a layer of the caves.
///
/// `world caves teleport <players: PlayerList> <layer: int>`: what it returns is not attested. What it does is inferred
/// from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "world caves teleport")]
pub fn teleport_to_cave(players: impl Into<Target>, layer: u32) -> Command {
    let command = Command::new("world caves teleport").arg(players.into());
    command.arg(layer)
}

/// Lists the forests.
///
/// `world forest list`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "world forest list")]
pub fn list_forests() -> Command {
    Command::new("world forest list")
}

/// Tells about a forest.
///
/// `world forest info <forest: text>`: what it returns is not attested. What it does is inferred from its name. Types
/// are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "world forest info")]
pub fn forest_info(forest: impl AsRef<str>) -> Command {
    let forest = Argument::word("the name of a forest", forest.as_ref());
    Command::new("world forest info").arg(forest)
}

/// Moves players to a place in a forest.
///
/// `world forest teleport <players: PlayerList> <forest: text> <nodeIndex: int>`: what it returns is not attested. What
/// it does is inferred from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "world forest teleport")]
pub fn teleport_to_forest(
    players: impl Into<Target>,
    forest: impl AsRef<str>,
    node: u32,
) -> Command {
    let forest = Argument::word("the name of a forest", forest.as_ref());
    let command = Command::new("world forest teleport").arg(players.into());
    command.arg(forest).arg(node)
}
