//! `debug …`: the server's statistics.

use serde_json::Value;

commands! {
    /// Counts the objects of a prefab.
    "debug count" { (prefab: Prefab); } by [TavernLauncher], inferred;

    /// Counts all objects.
    "debug count-all" { (); } by [TavernLauncher], inferred;

    /// Counts the behaviors with a name.
    "debug count-behaviours" { (behaviourName: _, isEnabled: bool); } by [TavernLauncher], inferred;

    /// Counts the scripts of a type.
    "debug count-scripts" { (typeName: _, isCountingResources: bool, isFindingChildren: bool); }
        by [TavernLauncher], inferred;

    /// Lists the entities.
    "debug entities" { (); } by [TavernLauncher], inferred;

    /// Returns the health of the entities.
    "debug entity-health" { (); } by [TavernLauncher], inferred;

    /// Writes the navigation mesh to a file.
    "debug export-navmesh" { (output: _); } by [TavernLauncher], inferred;

    /// Returns the length of a simulation step.
    "debug fixedtime" { (); } by [TavernLauncher], inferred;

    /// Limits the server to a number of frames per second.
    "debug lag" { (targetFPS: _); } by [TavernLauncher], inferred, caution("Slows the server down.");

    "debug load-marker" { (player: Player); } by [TavernLauncher];

    /// Returns the name for an id.
    "debug nameid" { (id: _); } by [TavernLauncher], inferred;

    /// Opens the log folder.
    "debug open-logs" { (); } by [TavernLauncher], inferred;

    /// Counts the objects of each prefab.
    "debug prefabcounts" { (); } by [TavernLauncher], inferred;

    /// Writes the names of the objects with a script to the log.
    "debug print-names" { (scriptName: _); } by [TavernLauncher], inferred;

    /// Returns information about the remote consoles.
    "debug remote-console" { (); } by [TavernLauncher], inferred;

    /// Returns the server's statistics, such as frames per second.
    ///
    /// The result is an object with `fps`, an array of numbers, and other fields.
    "debug server-stats" -> one Value { fn server_stats(); } by [TavernLauncher, AttClient], most_used;

    "debug set" { (player: Player, index: _); } by [TavernLauncher];

    /// Checks the loaded static objects.
    "debug static check-current" { (); } by [TavernLauncher], inferred;

    /// Repairs static objects.
    "debug static fix" { (hashes: _); } by [TavernLauncher], inferred;

    /// Lists the static objects.
    "debug static list" { (); } by [TavernLauncher], inferred;

    /// Changes the state of a static object.
    "debug static modify" { (hash: _, state: _); } by [TavernLauncher], inferred;

    /// Returns the position of a tracked object.
    "debug tracking get" { (name: _); } by [TavernLauncher], inferred;

    /// Stops tracking an object.
    "debug tracking remove" { (name: _); } by [TavernLauncher], inferred;

    /// Tracks an entity under a name.
    "debug tracking track" { (entityId: _, name: _); } by [TavernLauncher], inferred;

    "debug turabada-ai" { (); } by [TavernLauncher];
}
