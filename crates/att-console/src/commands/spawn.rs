//! `spawn …`: creating items.

use alta_model::console::result::{EntityRef, PrefabEntry};

/// The largest number of items that one command creates, as public bots limit it. No source gives a limit of the server. For
/// a larger number, use [`Command::new`](crate::Command::new).
pub const MAX_COUNT: u32 = 50;

commands! {
    /// Spawns items beside players.
    ///
    /// Bots stop at 50. Servers return different shapes; entries of another shape are left out.
    "spawn" -> lenient EntityRef {
        fn item(players: PlayerList, prefab: Prefab) with Item {
            /// The number of items for each player, 1 to [`MAX_COUNT`]. By default one.
            count: Count = _,
        } and (arguments: arguments = _);
    } by [TavernLauncher, AttClient], most_used;

    /// Spawns an item at a position, with a rotation.
    ///
    /// In meters and degrees.
    "spawn exact" { fn exact(position: Vector3, rotation: Vector3, prefab: Prefab) and (arguments: arguments = _); }
        by [TavernLauncher], inferred, most_used;

    /// Finds prefabs by a part of their name.
    "spawn find" { fn find(name: word); } by [TavernLauncher], inferred, most_used;

    /// Returns details of everything that can be spawned.
    "spawn infodump" { fn infodump(); } by [TavernLauncher], inferred, most_used;

    /// Lists all prefabs.
    ///
    /// Long: TavernLauncher waits 60 s for it.
    "spawn list" -> list PrefabEntry { fn list(); } by [TavernLauncher, AttPrefabulator], most_used, uses(358);

    /// Lists the materials.
    "spawn list materials" { (); } by [TavernLauncher], inferred;

    /// Spawns an object that exists only for the caller.
    "spawn local" { (prefab: Prefab); } by [TavernLauncher], inferred;

    /// Spawns the molds of a prefab beside players.
    "spawn moulds" { (players: PlayerList, prefab: Prefab); } by [TavernLauncher], inferred, uses(7);

    /// Lists the molds.
    "spawn moulds list" { (); } by [TavernLauncher], inferred;

    /// Spawns objects for players.
    "spawn multi" { (players: PlayerList, name: _, args: _); } by [TavernLauncher], inferred;

    /// Drops a package of items at players.
    "spawn package drop" { (players: PlayerList, arguments: arguments); } by [TavernLauncher], inferred;

    /// Lists the packages.
    "spawn package list" { (); } by [TavernLauncher], inferred;

    /// Lists the collections of pages.
    "spawn pages list" { (); } by [TavernLauncher], inferred;

    /// Spawns the pages of a collection beside players.
    "spawn pages spawn" { (players: PlayerList, collection: string); } by [TavernLauncher], inferred;

    /// Spawns a population of creatures near a player.
    "spawn population" {
        (player: Player, population: _, populationType: _, size: _, startingPopulation: _, maxPopulation: _);
    } by [TavernLauncher], inferred, uses(1);

    /// Lists the populations.
    "spawn population-list" { (); } by [TavernLauncher], inferred, uses(1);

    /// Spawns the content of a save string beside players.
    ///
    /// Servers return different shapes; entries of another shape are left out.
    "spawn string" -> lenient EntityRef { fn string(players: PlayerList, save "value": SaveString); }
        by [TavernLauncher, AttVoodooServer], most_used, uses(14_223);

    /// Spawns the content of a save string at the position in it.
    "spawn string-raw" -> one EntityRef { fn string_raw(save "value": SaveString); }
        by [TavernLauncher, AttVoodooServer], most_used;
}
