//! `spawn …`: making things.

use super::{Prefab, read};
use crate::argument::{Argument, Target};
use crate::command::Command;
use alta_model::console::result::{EntityRef, PrefabEntry};
use alta_model::{Listing, Vector3};

/// The largest number of items that one command makes, as public bots limit it. No source tells a limit of the server's: a
/// larger number is written by hand, with [`Command::new`].
pub const MAX_COUNT: u32 = 50;

/// Spawns items beside players.
///
/// `spawn <players: PlayerList> <prefab: Prefab> [count: int] [arguments: arguments]`: returns `[EntityRef]`. Bots stop
/// at 50. What it returns differs between servers; entries of another shape are left out. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and att-client.
#[doc(alias = "spawn")]
pub fn item(players: impl Into<Target>, prefab: impl Into<Prefab>) -> Item {
    let command = Command::new("spawn").arg(players.into()).arg(prefab.into());
    Item::new(command.read_by(read::whatever))
}

optional_arguments! {
    /// What [`item`] makes.
    pub struct Item -> Listing<EntityRef> {
        /// How many for each player, 1 to [`MAX_COUNT`]. One by default.
        count(count: u32) => Argument::count(count, 1..=MAX_COUNT), else "1";
    }
}

/// Spawns an item at a position, turned as given.
///
/// `spawn exact <position: Vector3> <rotation: Vector3> <prefab: Prefab> [arguments: arguments]`: what it returns is
/// not attested. In metres and degrees. What it does is inferred from its name. Types are inferred from the parameters'
/// names. Attested by TavernLauncher's list.
#[doc(alias = "spawn exact")]
pub fn exact(position: Vector3, rotation: Vector3, prefab: impl Into<Prefab>) -> Command {
    let command = Command::new("spawn exact").arg(position).arg(rotation);
    command.arg(prefab.into())
}

/// Spawns what a save string describes beside players.
///
/// `spawn string <players: PlayerList> <value: save string>`: returns `[EntityRef]`. What it returns differs between
/// servers; entries of another shape are left out. Types are inferred from the parameters' names. Attested by
/// TavernLauncher's list and att-voodoo-server.
#[doc(alias = "spawn string")]
pub fn string(players: impl Into<Target>, save: impl AsRef<str>) -> Command<Listing<EntityRef>> {
    let save = Argument::save_string(save.as_ref());
    let command = Command::new("spawn string").arg(players.into()).arg(save);
    command.read_by(read::whatever)
}

/// Spawns what a save string describes, where the string says.
///
/// `spawn string-raw <value: save string>`: returns `EntityRef`. Types are inferred from the parameters' names.
/// Attested by TavernLauncher's list and att-voodoo-server.
#[doc(alias = "spawn string-raw")]
pub fn string_raw(save: impl AsRef<str>) -> Command<EntityRef> {
    let save = Argument::save_string(save.as_ref());
    Command::new("spawn string-raw")
        .arg(save)
        .read_by(read::one)
}

/// Lists everything that can be spawned.
///
/// `spawn list`: returns `[{Hash, Name}]`. Long: TavernLauncher waits 60 s for it. Attested by TavernLauncher's list
/// and attprefabulator.
#[doc(alias = "spawn list")]
pub fn list() -> Command<Listing<PrefabEntry>> {
    Command::new("spawn list").read_by(read::list)
}

/// Finds prefabs by a part of their name.
///
/// `spawn find <name: text>`: what it returns is not attested. What it does is inferred from its name. Types are
/// inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "spawn find")]
pub fn find(name: impl AsRef<str>) -> Command {
    Command::new("spawn find").arg(Argument::word("the name", name.as_ref()))
}

/// Tells what can be spawned, with much detail.
///
/// `spawn infodump`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "spawn infodump")]
pub fn infodump() -> Command {
    Command::new("spawn infodump")
}

/// Lists the materials.
///
/// `spawn list materials`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "spawn list materials")]
pub fn list_materials() -> Command {
    Command::new("spawn list materials")
}

/// Spawns the moulds of a prefab beside players.
///
/// `spawn moulds <players: PlayerList> <prefab: Prefab>`: what it returns is not attested. What it does is inferred
/// from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "spawn moulds")]
pub fn moulds(players: impl Into<Target>, prefab: impl Into<Prefab>) -> Command {
    let command = Command::new("spawn moulds").arg(players.into());
    command.arg(prefab.into())
}

/// Lists the moulds.
///
/// `spawn moulds list`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "spawn moulds list")]
pub fn list_moulds() -> Command {
    Command::new("spawn moulds list")
}

/// Lists the packages.
///
/// `spawn package list`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "spawn package list")]
pub fn list_packages() -> Command {
    Command::new("spawn package list")
}

/// Spawns the pages of a collection beside players.
///
/// `spawn pages spawn <players: PlayerList> <collection: text>`: what it returns is not attested. What it does is
/// inferred from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "spawn pages spawn")]
pub fn pages(players: impl Into<Target>, collection: impl AsRef<str>) -> Command {
    let collection = Argument::word("the name of a collection", collection.as_ref());
    let command = Command::new("spawn pages spawn").arg(players.into());
    command.arg(collection)
}

/// Lists the collections of pages.
///
/// `spawn pages list`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "spawn pages list")]
pub fn list_pages() -> Command {
    Command::new("spawn pages list")
}

/// Lists the populations.
///
/// `spawn population-list`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "spawn population-list")]
pub fn list_populations() -> Command {
    Command::new("spawn population-list")
}
