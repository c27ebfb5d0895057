//! Commands of the modules without any function.

commands! {
    /// Writes the agents to the log.
    "agents print" { (); } by [TavernLauncher], inferred;

    /// Writes a file with a page about every command.
    "document" -> one FileDownload { (); }
        by [TavernLib], caution("Downloads a template from the internet and opens a window on the server's desktop; fails without a desktop.");

    /// Lists the populations of the world.
    "global-population list" { (); } by [TavernLauncher], inferred;

    /// Sets the maximum number of living members of a population.
    "global-population set-size" { (population: string, maxSpawned: integer); } by [TavernLauncher], inferred;

    /// Returns the living members of a population.
    "global-population spawned" { (population: string); } by [TavernLauncher], inferred;

    /// Moves a player near a population.
    ///
    /// In meters.
    "global-population teleport" { (player: Player, population: string, distanceAway: float); }
        by [TavernLauncher], inferred;

    /// Moves a player near one member of a population.
    ///
    /// In meters.
    "global-population teleport-to" { (player: Player, population: string, index: integer, distanceAway: float); }
        by [TavernLauncher], inferred;

    /// Subscribes to impacts, or unsubscribes.
    "impacts sync" { (isSubscribing: bool); } by [TavernLauncher], inferred;

    /// Returns information about the program.
    "info" { (); } by [TavernLauncher], inferred;

    /// Returns the command line that started the program.
    "info cli" { (); } by [TavernLauncher], inferred;

    /// Returns the player mode.
    "info player-mode" { (); } by [TavernLauncher], inferred;

    /// Returns information about the server.
    "info server" { (); } by [TavernLauncher], inferred;

    /// Returns information about the machine.
    "info system" { (); } by [TavernLauncher], inferred;

    /// Returns the user who is logged in.
    "info user" { (); } by [TavernLauncher], inferred;

    /// Returns the version.
    "info version" { (); } by [TavernLauncher], inferred;

    /// Turns landmarks on or off.
    "landmarks enable" { (enabled: _); } by [TavernLauncher], inferred;

    /// Turns the loading of landmarks on or off.
    "landmarks load-enabled" { (isLoading: bool); } by [TavernLauncher], inferred;

    /// Creates a leaderboard for a course.
    "leaderboard create" { (courseName: _, isLowest: bool); } by [TavernLauncher], inferred;

    /// Returns the rank on a course.
    "leaderboard get-rank" { (courseName: _); } by [TavernLauncher], inferred;

    /// Lists the leaderboards.
    "leaderboard list" { (); } by [TavernLauncher], inferred;

    /// Removes the start or the end of a course.
    "leaderboard remove-checkpoint" { (courseName: _, isBeginning: bool); } by [TavernLauncher], inferred;

    /// Puts up the leaderboard of a course.
    "leaderboard set-board" { (courseName: _); } by [TavernLauncher], inferred;

    /// Sets the start or the end of a course.
    "leaderboard set-checkpoint" { (courseName: _, isBeginning: bool); } by [TavernLauncher], inferred;

    /// Returns information about the logs.
    "logs" { (); } by [TavernLauncher], inferred;

    /// Changes the levels and loggers of a log target.
    "logs change-target" { (targetName: _, minLevel: _, maxLevel: _, loggerNamePattern: _); }
        by [TavernLauncher], inferred;

    /// Returns the configuration of the logs.
    "logs config" { (isPrintingAll: bool); } by [TavernLauncher], inferred;

    /// Turns traces of destroyed objects on or off.
    "logs destroy-trace" { (isEnabled: bool); } by [TavernLauncher], inferred;

    /// Turns the call stacks of warnings on or off.
    "logs warn-stack" { (isEnabled: bool); } by [TavernLauncher], inferred;

    /// Runs the garbage collector.
    "maintenance garbage" { (); } by [TavernLauncher], inferred;

    /// Frees unused resources.
    "maintenance resources" { (); } by [TavernLauncher], inferred;

    /// Adds a mod repository.
    "modmanager addrepo" { (url: _); } by [TavernLib], inferred;

    /// Removes leftovers of mods.
    "modmanager cleanup" { (); } by [TavernLib], inferred;

    /// Lists the mods.
    "modmanager list" { (); } by [TavernLib], inferred;

    /// Lists the mod repositories.
    "modmanager listrepos" { (); } by [TavernLib], inferred;

    /// Removes a mod repository.
    "modmanager removerepo" { (reference: _); } by [TavernLib], inferred;

    /// Returns information about the mods.
    "mods" { (); } by [TavernLauncher], inferred;

    /// Adds a mod.
    "mods add" { (name: _, content: _, isOverride: bool); } by [TavernLauncher], inferred;

    /// Returns the folder of the mods.
    "mods path" { (); } by [TavernLauncher], inferred;

    /// Searches for mods again.
    "mods refresh" { (); } by [TavernLauncher], inferred;

    /// Removes a mod.
    "mods remove" { (name: _); } by [TavernLauncher], inferred;

    /// Stops a mod and starts it again.
    "mods restart" { (name: _); } by [TavernLauncher], inferred;

    /// Starts a mod.
    "mods start" { (name: _); } by [TavernLauncher], inferred;

    /// Stops a mod.
    "mods stop" { (name: _); } by [TavernLauncher], inferred;

    /// Frees memory and writes a memory snapshot to a file.
    "profiling cleanslatememory" { (name: _, path: _); } by [TavernLauncher], inferred;

    /// Returns the size of a memory snapshot.
    "profiling dumpsize" { (); } by [TavernLauncher], inferred;

    /// Writes a heap snapshot to a file.
    "profiling heapdump" { (); } by [TavernLauncher], inferred;

    /// Writes a memory snapshot to a file.
    "profiling memorydump" { (name: _, path: _); } by [TavernLauncher], inferred;

    /// Measures a number of frames and writes the result to a file.
    "profiling sample" { (name: _, path: _, frames: _, postAction: _); } by [TavernLauncher], inferred;

    /// Fills a book with the pages of a collection.
    "progress fill-book" { (collection: _); } by [TavernLauncher], inferred;

    /// Fills all books.
    "progress fill-books" { (); } by [TavernLauncher], inferred;

    /// Fuels the teleporter of a cave layer.
    "progress fillcaveteleporter" { (layer: _, fuelQuantity: _); } by [TavernLauncher], inferred;

    /// Fills the community boxes.
    "progress fillcommunityboxes" { (); } by [TavernLauncher], inferred;

    /// Finishes the boxes.
    "progress finishboxes" { (); } by [TavernLauncher], inferred;

    /// Finishes everything in the forges.
    "progress forgeall" { (); } by [TavernLauncher], inferred;

    /// Generates the caves down to a layer.
    "progress generatecaves" { (layer: _, debugCallback: _); } by [TavernLauncher], inferred;

    /// Lists the books.
    "progress list-books" { (); } by [TavernLauncher], inferred;

    /// Lists the cave teleporters.
    "progress listcaveteleporter" { (); } by [TavernLauncher], inferred;

    /// Repairs the teleporters of a cave layer.
    "progress repaircaveteleporters" { (layer: _); } by [TavernLauncher], inferred;

    /// Ends the program.
    "quit" { (); } by [TavernLauncher], inferred, caution("Stops the server.");

    /// Records a test meeting with a player.
    "recent-players test-record" { (name: _, id: _, interactionType: _); } by [TavernLauncher], inferred;

    /// Puts a repair box in front of a player.
    "repair-box" {
        (player: Player, item1: _, count1: _, item2: _, count2: _, item3: _, count3: _, output: _, localSpawnPosition: _);
    } by [TavernLauncher], inferred;

    /// Lists the items that repair boxes accept.
    "repair-box list-items" { (); } by [TavernLauncher], inferred;

    /// Reports a player.
    "report-players create" { (userId: _, type: _, serverId: _); } by [TavernLauncher], inferred;

    /// Lists the reports of players.
    "report-players list" { (statusFilter: _, serverFilter: _); } by [TavernLauncher], inferred;

    /// Moves the server to another machine after some seconds.
    "server migrate" { (secondsLeftUntilTermination: _); } by [TavernLauncher], inferred;

    /// Runs a command on another server.
    "server proxy" { (serverId: _, proxiedCommand: _); } by [TavernLauncher], inferred;

    /// Starts a server.
    "server start" { (serverId: _, isExternalLaunch: bool, port: _, isHeadless: bool, isRunningLocally: bool); }
        by [TavernLauncher], inferred;

    /// Adds a player as a friend.
    "social addfriend" { (player: Player); } by [TavernLauncher], inferred;

    /// Lists a user's friends.
    "social listfriends" { (user: UserInfoAccess); } by [TavernLauncher], inferred;

    /// Removes a player from the friends.
    "social removefriend" { (player: Player); } by [TavernLauncher], inferred;

    /// Lists the trials.
    "trial list" { (); } by [TavernLauncher], inferred;

    /// Lists the players in a trial.
    "trial players" { (key: _); } by [TavernLauncher], inferred;

    /// Returns the progress of a trial.
    "trial progress" { (key: _); } by [TavernLauncher], inferred;

    /// Restarts a trial.
    "trial reset" { (key: _); } by [TavernLauncher], inferred;

    /// Returns a user's statistics.
    "users statistics" { (user: UserInfoAccess); } by [TavernLauncher], inferred;

    /// Generates the caves again.
    "world caves reset" { (); } by [TavernLauncher], inferred, caution("Destroys everything in the caves.");

    /// Moves players to a layer of the caves.
    "world caves teleport" { (players: PlayerList, layer: integer); } by [TavernLauncher], inferred;

    /// Returns information about a forest.
    "world forest info" { (forest: string); } by [TavernLauncher], inferred;

    /// Lists the forests.
    "world forest list" { (); } by [TavernLauncher], inferred;

    /// Generates a forest again.
    "world forest reset" { (forest: _); } by [TavernLauncher], inferred, caution("Destroys everything in the forest.");

    /// Moves players to a place in a forest.
    "world forest teleport" { (players: PlayerList, forest: string, nodeIndex: integer); }
        by [TavernLauncher], inferred;
}
