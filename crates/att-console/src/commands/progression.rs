//! `player progression …`: experience, levels and skills.
//!
//! Most of these return nothing and write to the server's log: subscribe to
//! [`TraceLog`](crate::event::TraceLog) and [`DebugLog`](crate::event::DebugLog) to see it.

use super::ProgressionPath;
use crate::argument::{Argument, Target};
use crate::command::Command;

/// Writes the paths to the log.
///
/// `player progression list`: returns nothing; what it has to say goes to the server's log. Attested by TavernLib.
#[doc(alias = "player progression list")]
pub fn list() -> Command<()> {
    Command::new("player progression list").returning_nothing()
}

/// Gives players experience on every path.
///
/// `player progression allxp <players: PlayerList> <xp: int>`: returns nothing; what it has to say goes to the server's
/// log. Attested by TavernLib.
#[doc(alias = "player progression allxp")]
pub fn all_xp(players: impl Into<Target>, xp: i64) -> Command<()> {
    let command = Command::new("player progression allxp");
    command.arg(players.into()).arg(xp).returning_nothing()
}

/// Gives players experience on a path.
///
/// `player progression pathxp <players: PlayerList> <path: ProgressionPath> <xp: int>`: returns nothing; what it has to
/// say goes to the server's log. Attested by TavernLib.
#[doc(alias = "player progression pathxp")]
pub fn path_xp(
    players: impl Into<Target>,
    path: impl Into<ProgressionPath>,
    xp: i64,
) -> Command<()> {
    let command = Command::new("player progression pathxp");
    let command = command.arg(players.into()).arg(path.into());
    command.arg(xp).returning_nothing()
}

/// Gives players the next level on a path.
///
/// `player progression pathlevelup <players: PlayerList> <path: ProgressionPath>`: returns nothing; what it has to say
/// goes to the server's log. Attested by TavernLib.
#[doc(alias = "player progression pathlevelup")]
pub fn path_level_up(players: impl Into<Target>, path: impl Into<ProgressionPath>) -> Command<()> {
    let command = Command::new("player progression pathlevelup");
    let command = command.arg(players.into()).arg(path.into());
    command.returning_nothing()
}

/// Gives levels on a path to a player, also to one who is offline.
///
/// `player progression offlinelevels <userInfo: UserInfoAccess> <path: ProgressionPath> <levels: int>`: returns
/// nothing. Attested by TavernLib.
#[doc(alias = "player progression offlinelevels")]
pub fn offline_levels(
    player: impl Into<Target>,
    path: impl Into<ProgressionPath>,
    levels: i64,
) -> Command<()> {
    let command = Command::new("player progression offlinelevels");
    let command = command
        .arg(Argument::player(player.into()))
        .arg(path.into());
    command.arg(levels).returning_nothing()
}

/// Writes the levels that wait for offline players to the log.
///
/// `player progression printofflinelevels`: returns nothing; what it has to say goes to the server's log. Attested by
/// TavernLib.
#[doc(alias = "player progression printofflinelevels")]
pub fn print_offline_levels() -> Command<()> {
    Command::new("player progression printofflinelevels").returning_nothing()
}

/// Writes players' experience on every path to the log.
///
/// `player progression checkallxp <players: PlayerList>`: returns nothing; what it has to say goes to the server's log.
/// Attested by TavernLib.
#[doc(alias = "player progression checkallxp")]
pub fn check_all_xp(players: impl Into<Target>) -> Command<()> {
    let command = Command::new("player progression checkallxp");
    command.arg(players.into()).returning_nothing()
}

/// Takes the progress on one path from a player.
///
/// `player progression clearpath <player: Player> <path: ProgressionPath>`: returns nothing; what it has to say goes to
/// the server's log. Attested by TavernLib.
#[doc(alias = "player progression clearpath")]
pub fn clear_path(player: impl Into<Target>, path: impl Into<ProgressionPath>) -> Command<()> {
    let command = Command::new("player progression clearpath");
    let command = command
        .arg(Argument::player(player.into()))
        .arg(path.into());
    command.returning_nothing()
}

/// Takes all progress from players.
///
/// `player progression clearall <players: PlayerList>`: returns nothing; what it has to say goes to the server's log.
/// Attested by TavernLib.
#[doc(alias = "player progression clearall")]
pub fn clear_all(players: impl Into<Target>) -> Command<()> {
    let command = Command::new("player progression clearall");
    command.arg(players.into()).returning_nothing()
}

/// Writes the skills that a player could buy to the log, numbered.
///
/// `player progression showskills <player: Player>`: returns nothing; what it has to say goes to the server's log. The
/// server remembers player and numbers for `buyskill`. Attested by TavernLib.
#[doc(alias = "player progression showskills")]
pub fn show_skills(player: impl Into<Target>) -> Command<()> {
    let player = Argument::player(player.into());
    let command = Command::new("player progression showskills");
    command.arg(player).returning_nothing()
}

/// Buys a skill for the player of the last `showskills`.
///
/// `player progression buyskill <slotIndex: int> [isConsumingExperience: bool = true]`: returns nothing; what it has to
/// say goes to the server's log. The index is the number that `showskills` wrote to the log. Attested by TavernLib.
#[doc(alias = "player progression buyskill")]
pub fn buy_skill(index: u32) -> BuySkill {
    let command = Command::new("player progression buyskill");
    BuySkill::new(command.arg(index).returning_nothing())
}

optional_arguments! {
    /// What [`buy_skill`] makes.
    pub struct BuySkill -> () {
        /// Whether it costs experience, as by default.
        consuming_experience(is_consuming: bool) => is_consuming.into(), else "true";
    }
}
