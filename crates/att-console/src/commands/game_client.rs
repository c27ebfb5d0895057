//! Commands of the game client. They have no function.

/// The caution of all of them.
const GAME_CLIENT: &str = "Belongs to the game client; on a server it has no effect or does harm.";

commands! {
    /// Turns the microphone off.
    "audio microphone mute" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Turns the microphone on.
    "audio microphone unmute" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Joins a server.
    "game connect" { (serverIdentifier: _, playerMode: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Joins the server that a player is on.
    "game connect-player" { (player: Player, playerMode: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Creates a server.
    "game create-server" { (serverName: _, sceneIndex: _, region: _); }
        by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Deletes a server's save.
    "game delete-save" { (serverIdentifier: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Finds servers by name.
    "game find" { (name: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Joins a server on the same machine by its port.
    "game ip-local" { (sceneIndex: _, playerMode: _, port: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Joins a server by its address.
    "game join-ip" { (serverIp: _, sceneIndex: _, playerMode: _, port: _); }
        by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Joins a server.
    "game join-server" { (serverIdentifier: _, playerMode: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists the recently joined servers.
    "game list-recent" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Starts a test server on the same machine.
    "game local-test" { (serverIdentifier: _, playerMode: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Starts a test scene on the same machine.
    "game local-test-scene" { (scene: _, playerMode: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists all servers.
    "game show-all" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists the suggested servers.
    "game show-discover" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists the online servers.
    "game show-online" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists the open servers.
    "game show-open" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists the user's own servers.
    "game show-owned" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists the public servers.
    "game show-public" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Starts a server on the same machine.
    "game start-local" { (sceneIndex: _, isExternalLaunch: bool, port: _, isHeadless: bool, isRunningLocally: bool); }
        by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Starts a server.
    "game start-server" { (server: _, isExternalLaunch: bool, port: _, isHeadless: bool, isRunningLocally: bool); }
        by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Starts a server without its save.
    "game startclean" { (server: _, isExternalLaunch: bool, port: _, isHeadless: bool, isRunningLocally: bool); }
        by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Ends the running game mode.
    "game stop-mode" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Logs in.
    "login" { (username: _, password: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Logs out.
    "logout" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists the running tutorials.
    "microtutorial active" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Ends a player's tutorial.
    "microtutorial exit" { (player: Player); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Lists the tutorials.
    "microtutorial list" { (); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Moves a player to the next step of the tutorial.
    "microtutorial next-step" { (player: Player); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Sets the log level of the tutorials.
    "microtutorial set-log-level" { (level: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Starts a tutorial for a player.
    "microtutorial start" { (player: Player, tutorialSettings: _); }
        by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Sets the load distance of moving objects.
    "quality dynamic-load-multiplier" { (loadMultiplier: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Sets the distance of the levels of detail.
    "quality lod-bias" { (lodbias: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);

    /// Sets the load distance of static objects.
    "quality static-load-multiplier" { (loadMultiplier: _); } by [TavernLauncher], inferred, caution(GAME_CLIENT);
}
