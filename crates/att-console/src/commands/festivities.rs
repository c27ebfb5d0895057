//! `festivities …`: seasonal events.

commands! {
    /// Returns information about a festivity.
    "festivities info" { (festivity: Prefab); } by [TavernLauncher], inferred;

    /// Lists the festivities.
    "festivities list" { (); } by [TavernLauncher], inferred;

    /// Starts a festivity.
    ///
    /// Bots send the hash.
    "festivities start" { fn start(festivity: Prefab); } by [TavernLauncher, AttClient], most_used;

    /// Stops a festivity.
    "festivities stop" { (festivity: Prefab); } by [TavernLauncher], inferred;
}
