//! `global-population …`: the creatures of the world.

use crate::argument::{Argument, Target};
use crate::command::Command;

/// Lists the populations of the world.
///
/// `global-population list`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "global-population list")]
pub fn list() -> Command {
    Command::new("global-population list")
}

/// Tells what of a population is alive.
///
/// `global-population spawned <population: text>`: what it returns is not attested. What it does is inferred from its
/// name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "global-population spawned")]
pub fn spawned(population: impl AsRef<str>) -> Command {
    let population = Argument::word("the name of a population", population.as_ref());
    Command::new("global-population spawned").arg(population)
}

/// Sets how many of a population may live.
///
/// `global-population set-size <population: text> <maxSpawned: int>`: what it returns is not attested. What it does is
/// inferred from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "global-population set-size")]
pub fn set_size(population: impl AsRef<str>, most: u32) -> Command {
    let population = Argument::word("the name of a population", population.as_ref());
    Command::new("global-population set-size")
        .arg(population)
        .arg(most)
}

/// Moves a player near a population.
///
/// `global-population teleport <player: Player> <population: text> <distanceAway: float>`: what it returns is not
/// attested. In metres. What it does is inferred from its name. Types are inferred from the parameters' names. Attested
/// by TavernLauncher's list.
#[doc(alias = "global-population teleport")]
pub fn teleport(player: impl Into<Target>, population: impl AsRef<str>, metres: f64) -> Command {
    Command::new("global-population teleport")
        .arg(Argument::player(player.into()))
        .arg(Argument::word(
            "the name of a population",
            population.as_ref(),
        ))
        .arg(metres)
}

/// Moves a player near one of a population.
///
/// `global-population teleport-to <player: Player> <population: text> <index: int> <distanceAway: float>`: what it
/// returns is not attested. In metres. What it does is inferred from its name. Types are inferred from the parameters'
/// names. Attested by TavernLauncher's list.
#[doc(alias = "global-population teleport-to")]
pub fn teleport_to(
    player: impl Into<Target>,
    population: impl AsRef<str>,
    index: u32,
    metres: f64,
) -> Command {
    Command::new("global-population teleport-to")
        .arg(Argument::player(player.into()))
        .arg(Argument::word(
            "the name of a population",
            population.as_ref(),
        ))
        .arg(index)
        .arg(metres)
}
