//! `player …`: the players on the server, and commands for them.
//!
//! Progress has its own module: [`progression`](super::progression).
//!
//! Without a connection, a message waits for one like any command, up to 30 s, and can arrive long after its occasion.
//! [`WhenNotReady::Fail`](crate::WhenNotReady::Fail) drops it instead:
//!
//! ```no_run
//! # use att_console::{Console, Target, WhenNotReady, commands::player};
//! # async fn run(console: Console) -> Result<(), att_console::Error> {
//! let news = player::message(Target::Everyone, "The gate opens now");
//! console.command(news).when_not_ready(WhenNotReady::Fail).await?;
//! # Ok(())
//! # }
//! ```

use alta_model::console::result::{Inventory, PlayerDetailed, StatInfo, StatValue};
use alta_model::{User, Vector3};

commands! {
    /// Returns one stat of a player, such as health.
    "player check-stat" or "player checkstat" -> one StatValue { fn check_stat(player: Player, stat: Stat); }
        by [TavernLib, AttVoodooServer], most_used, uses(471);

    /// Returns the number of players on the server.
    "player count" -> one u32 { fn count(); } by [TavernLib], uses(1);

    /// Cripples players.
    "player cripple" -> nothing { fn cripple(players: PlayerList); } by [TavernLib], most_used, uses(1);

    /// Hurts players.
    "player damage" {} by [TownsharpCount], inferred, most_used, uses(5), caution("No source gives its parameters.");

    /// Returns a player's position, head, hands and chunk.
    "player detailed" -> one PlayerDetailed { fn detailed(player: Player); }
        by [TavernLib, Townsharp], most_used, uses(298_613);

    /// Sets how long a downed player can be revived.
    "player downed-duration" {}
        by [TownsharpCount], inferred, most_used, uses(834), caution("No source gives its parameters.");

    /// Throws players into the air.
    "player fling" {} by [AttClient], inferred, most_used, caution("No source gives its parameters.");

    /// Returns the position where a player respawns.
    ///
    /// In meters.
    "player get-home" -> one Vector3 { fn home(player: Player); } by [TavernLib], most_used, uses(19_833);

    /// Writes the players' damage multiplier to the log.
    "player getdamagemulti" -> log { fn log_damage_multiplier(); } by [TavernLib];

    /// Makes players invulnerable, or vulnerable again.
    "player god-mode" or "player godmodeon" -> nothing { fn god_mode(players: PlayerList, is_on "isOn": bool); }
        by [TavernLib], most_used, uses(538_814);

    /// Makes vulnerable players invulnerable, and invulnerable players vulnerable.
    "player god-mode-toggle" {} by [TownsharpCount], inferred, uses(2);

    /// Heals players.
    "player heal" {} by [TownsharpCount], inferred, uses(20);

    /// Finds a player by name, online or offline.
    ///
    /// A self-hosted server knows every player who has joined before and returns the name as the command spells it; for
    /// other names it replies `Couldn't find user with …`.
    "player id" -> one User { fn find(username: name); } by [TavernLib], most_used, uses(113);

    /// Returns the items that players carry.
    ///
    /// One entry for each player; null for a player without a body. A self-hosted server may then fail the whole
    /// command.
    "player inventory" -> places Inventory { fn inventory(players: PlayerList); }
        by [TavernLib, AttVoodooServer], most_used, uses(10_966_535);

    /// Replaces the inventory of an offline player.
    ///
    /// `save` is the string that `player inventory save` returned. Fails for players who are online and for players
    /// without a save.
    "player inventory load" -> nothing { fn load_inventory(user: UserInfoAccess, save: name); } by [TavernLib];

    /// Returns a player's inventory as a save string.
    ///
    /// Also works for offline players. The string is raw data: it can contain characters that an argument cannot.
    "player inventory save" -> one String { fn save_inventory(user: UserInfoAccess); } by [TavernLib];

    /// Disconnects players from the server.
    "player kick" -> nothing {
        fn kick(players: PlayerList) with Kick {
            /// The reason that the players see. By default `No reason provided`.
            reason: string = "No reason provided",
        };
    } by [TavernLib], most_used, uses(2_482);

    /// Kills players.
    "player kill" -> nothing { fn kill(players: PlayerList); } by [TavernLib, PyTaleReadme], most_used, uses(5_551);

    /// Lists the players on the server.
    "player list" -> list User { fn list(); } by [TavernLib, Tavernpy, Townsharp], most_used, uses(193_548);

    /// Lists all players with position, head, hands and chunk.
    "player list-detailed" -> list PlayerDetailed { fn list_detailed(); }
        by [TavernLib, Townsharp], most_used, uses(5_385_242);

    /// Lists all stats of a player with their limits.
    ///
    /// For a player without a body, only the limits.
    "player list-stats" or "player list-stat" -> list StatInfo { fn list_stats(player: Player); }
        by [TavernLib], most_used, uses(22_028);

    /// Shows a message to players.
    ///
    /// A player who joined less than about 15 s ago does not see it yet. The command also succeeds for a player without
    /// a body, who sees nothing. No source says how it ends if no player matches. Without a connection the command
    /// waits for one, up to 30 s, and can arrive late; `WhenNotReady::Fail` drops it instead.
    "player message" -> nothing {
        fn message(players: PlayerList, message: string) with Message {
            /// The time for which the message is shown. By default ten seconds.
            duration: Seconds = "10",
        };
    } by [TavernLib], most_used, uses(254_218);

    /// Changes a stat of players for a while.
    ///
    /// The modifier is added to the value, or multiplied with it.
    "player modify-stat" or "player modifystat" -> nothing {
        fn modify_stat(
            players: PlayerList, stat "statDefinition": Stat, modifier "valueModifier": float, duration: Seconds
        ) with ModifyStat {
            /// `true` multiplies the value with the modifier; `false`, the default, adds the modifier.
            multiplier "isMultiplier": bool = "false",
        };
    } by [TavernLib], most_used, uses(248_203);

    /// Sets the position where players respawn.
    ///
    /// In meters. Bots send `0,0,0`, the default, to remove a home.
    "player set-home" -> nothing { fn set_home(players: PlayerList, home: Vector3 = "0,0,0"); }
        by [TavernLib], most_used, uses(54_809);

    /// Sets a stat of players.
    "player set-stat" or "player setstat" -> nothing {
        fn set_stat(players: PlayerList, stat "statDefinition": Stat, value: float) with SetStat {
            /// The part of the stat that is set. By default [`Base`](super::StatApplication::Base).
            application "applicationType": StatApplication = "Base",
        };
    } by [TavernLib], most_used, uses(387_118);

    /// Gives or removes an unlock, such as `Climbing Unlock`.
    ///
    /// Small servers have this command only with `debug_features`.
    "player set-unlock" -> nothing {
        fn set_unlock(players: PlayerList, unlock: PlayerUnlock) with SetUnlock {
            /// `true`, the default, gives the unlock; `false` removes it.
            unlocked "isUnlocked": bool = "true",
        };
    } by [TavernLib, AttPrefabulator], most_used, uses(64);

    /// Sets the players' damage multiplier; 1 is normal.
    "player setdamagemulti" -> log { fn set_damage_multiplier(multiplier: float); } by [TavernLib];

    /// Moves players to another player or to a named place.
    ///
    /// The server distinguishes the two forms by the text of the argument: give a player whose name is also the name of a
    /// place by id. No command teleports to coordinates.
    "player teleport" or "player tp" -> nothing {
        /// Moves players to another player.
        fn teleport_to(players: PlayerList, player "targetPlayer": PlayerNotPlace);
        /// Moves players to a named place.
        fn teleport(players: PlayerList, area "target": SpawnArea = "RespawnPoint");
    } by [TavernLib], most_used, uses(50_907);

    /// Ends a player's running unlock.
    "player unlock-cancel" -> nothing { fn cancel_unlock(player: Player); } by [TavernLib];

    /// Returns true if a player has an unlock.
    "player unlock-check" -> one bool { fn check_unlock(player: Player, unlock: PlayerUnlock); } by [TavernLib];

    /// Finds a player by id.
    ///
    /// A self-hosted server knows every player who has joined before.
    "player username" -> one User { fn username(id "userId": UserId); } by [TavernLib], most_used, uses(5_696);
}
