//! `save …`: saving the world.

commands! {
    /// Returns information about saving.
    "save" { (); } by [TavernLauncher], inferred;

    /// Creates a backup of the save.
    "save backup" { (isInstant: bool); } by [TavernLauncher], inferred;

    /// Deletes all saved data.
    "save full-wipe" { (); } by [TavernLauncher], inferred, caution("Destroys saved data.");

    /// Saves the world.
    "save now" { fn now(); } by [TavernLauncher], inferred, most_used;

    /// Deletes the saved data of a player.
    "save player-wipe" {
        (user: UserInfoAccess, isWipingLockbox: bool, isWipingATM: bool, isWipingPostbox: bool, isWipingLandmarks: bool, isWipingMap: bool);
    } by [TavernLauncher], inferred, caution("Destroys saved data.");

    /// Deletes the saved data of all players.
    "save player-wipe-all" { (isWipingATM: bool, isWipingPostbox: bool, isWipingLandmarks: bool, isWipingMap: bool); }
        by [TavernLauncher], inferred, caution("Destroys saved data.");

    /// Deletes the world.
    "save wipe" { (isSettingOffline: bool); } by [TavernLauncher], inferred, caution("Destroys saved data.");

    /// Deletes the world in any case.
    "save wipe-forced" { (keepPlayers: _); } by [TavernLauncher], inferred, caution("Destroys saved data.");

    /// Deletes the stored items.
    "save wipe-storage" { (); } by [TavernLauncher], inferred, caution("Destroys saved data.");

    /// Deletes the cache.
    "save wipecache" { (isSettingOffline: bool); } by [TavernLauncher], inferred, caution("Destroys saved data.");

    /// Deletes the caves.
    "save wipecaves" { (); } by [TavernLauncher], inferred, caution("Destroys saved data.");
}
