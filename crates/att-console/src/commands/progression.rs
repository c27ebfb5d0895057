//! `player progression …`: experience, levels and skills.
//!
//! Most of these commands return nothing and write to the server's log: subscribe to
//! [`TraceLog`](crate::event::TraceLog) and [`DebugLog`](crate::event::DebugLog) to see it.

commands! {
    /// Gives players experience on all paths.
    "player progression allxp" -> log { fn all_xp(players: PlayerList, xp: i64); } by [TavernLib], most_used;

    /// Buys a skill for the player of the last `showskills`.
    ///
    /// The index is the number that `showskills` wrote to the log.
    "player progression buyskill" -> log {
        fn buy_skill(index "slotIndex": u32) with BuySkill {
            /// `true`, the default, pays with experience; `false` makes the skill free.
            consuming_experience "isConsumingExperience": bool = "true",
        };
    } by [TavernLib], most_used;

    /// Writes players' experience on all paths to the log.
    "player progression checkallxp" -> log { fn check_all_xp(players: PlayerList); } by [TavernLib], most_used;

    /// Removes all progress of players.
    "player progression clearall" -> log { fn clear_all(players: PlayerList); } by [TavernLib], most_used;

    /// Removes a player's progress on one path.
    "player progression clearpath" -> log { fn clear_path(player: Player, path: ProgressionPath); }
        by [TavernLib], most_used;

    /// Writes the names of the paths to the log.
    "player progression list" -> log { fn list(); } by [TavernLib], most_used;

    /// Gives a player levels on a path, online or offline.
    "player progression offlinelevels" or "player progression offlvl" or "player progression lvl" -> nothing {
        fn offline_levels(player "userInfo": UserInfoAccess, path: ProgressionPath, levels: i64);
    } by [TavernLib], most_used;

    /// Gives players the next level on a path.
    "player progression pathlevelup" -> log { fn path_level_up(players: PlayerList, path: ProgressionPath); }
        by [TavernLib], most_used;

    /// Gives players experience on a path.
    "player progression pathxp" -> log { fn path_xp(players: PlayerList, path: ProgressionPath, xp: i64); }
        by [TavernLib], most_used;

    /// Writes the pending levels of offline players to the log.
    "player progression printofflinelevels" or "player progression printofflvl" or "player progression print-lvl" -> log {
        fn print_offline_levels();
    } by [TavernLib], most_used;

    /// Writes the skills that a player can buy to the log, numbered.
    ///
    /// The server remembers the player and the numbers for `buyskill`.
    "player progression showskills" -> log { fn show_skills(player: Player); } by [TavernLib], most_used;
}
