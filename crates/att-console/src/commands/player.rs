//! `player …`: who is there, and what is done to them.
//!
//! Progress has a module of its own: [`progression`](super::progression).
//!
//! While the console has no connection, a message waits for one like any command, up to 30 s, and may appear long after its
//! occasion. [`WhenNotReady::Fail`](crate::WhenNotReady::Fail) drops it instead:
//!
//! ```no_run
//! # use att_console::{Console, Target, WhenNotReady, commands::player};
//! # async fn run(console: Console) -> Result<(), att_console::Error> {
//! let news = player::message(Target::Everyone, "The gate opens now");
//! console.command(news).when_not_ready(WhenNotReady::Fail).await?;
//! # Ok(())
//! # }
//! ```

use super::{SpawnArea, Stat, StatApplication, read};
use crate::argument::{Argument, Target};
use crate::command::Command;
use alta_model::console::result::{Inventory, PlayerDetailed, StatInfo, StatValue};
use alta_model::{Listing, User, UserId, Vector3};
use std::time::Duration;

/// Tells who is on the server.
///
/// `player list`: returns `[User]`. Attested by TavernLib, tavernpy and Townsharp.
#[doc(alias = "player list")]
pub fn list() -> Command<Listing<User>> {
    Command::new("player list").read_by(read::list)
}

/// Tells where everyone is, with head, hands and chunk.
///
/// `player list-detailed`: returns `[UserInfoDetailed]`. Attested by TavernLib and Townsharp.
#[doc(alias = "player list-detailed")]
pub fn list_detailed() -> Command<Listing<PlayerDetailed>> {
    Command::new("player list-detailed").read_by(read::list)
}

/// Tells where a player is, with head, hands and chunk.
///
/// `player detailed <player: Player>`: returns `UserInfoDetailed`. Attested by TavernLib and Townsharp.
#[doc(alias = "player detailed")]
pub fn detailed(player: impl Into<Target>) -> Command<PlayerDetailed> {
    let player = Argument::player(player.into());
    Command::new("player detailed")
        .arg(player)
        .read_by(read::one)
}

/// Tells how many players are on the server.
///
/// `player count`: returns `int`. Attested by TavernLib.
#[doc(alias = "player count")]
pub fn count() -> Command<u32> {
    Command::new("player count").read_by(read::one)
}

/// Finds a player by name, online or not.
///
/// `player id <username: text>`: returns `User`. A self-hosted server knows whoever has joined before, and gives the
/// name back as it was written here; of others it says `Couldn't find user with …`. Attested by TavernLib.
#[doc(alias = "player id")]
pub fn find(name: impl AsRef<str>) -> Command<User> {
    let name = Argument::quoted("the name of a player", name.as_ref());
    Command::new("player id").arg(name).read_by(read::one)
}

/// Finds a player by name: what [`find`] does, called as the server calls it.
pub fn id(name: impl AsRef<str>) -> Command<User> {
    find(name)
}

/// Finds a player by id.
///
/// `player username <userId: int>`: returns `User`. A self-hosted server knows whoever has joined before. Attested by
/// TavernLib.
#[doc(alias = "player username")]
pub fn username(id: UserId) -> Command<User> {
    Command::new("player username").arg(id).read_by(read::one)
}

/// Tells what players carry.
///
/// `player inventory <players: PlayerList>`: returns `[Inventory or null]`. An entry for each player asked for; none
/// for one without a body, for whom a self-hosted server may fail the whole command. Attested by TavernLib and
/// att-voodoo-server.
#[doc(alias = "player inventory")]
pub fn inventory(players: impl Into<Target>) -> Command<Listing<Option<Inventory>>> {
    let players = players.into();
    Command::new("player inventory")
        .arg(players)
        .read_by(read::places)
}

/// Gives what a player carries as a save text.
///
/// `player inventory save <user: UserInfoAccess>`: returns `text`. Also of a player who is offline. The text is raw
/// data and may hold characters that no argument can. Attested by TavernLib.
#[doc(alias = "player inventory save")]
pub fn save_inventory(player: impl Into<Target>) -> Command<String> {
    let player = Argument::player(player.into());
    Command::new("player inventory save")
        .arg(player)
        .returning()
}

/// Replaces what a player who is offline carries.
///
/// `player inventory load <user: UserInfoAccess> <save: text>`: returns nothing. The text is what `player inventory
/// save` returned. Fails for players who are online and for those without a save. Attested by TavernLib.
#[doc(alias = "player inventory load")]
pub fn load_inventory(player: impl Into<Target>, save: impl AsRef<str>) -> Command<()> {
    Command::new("player inventory load")
        .arg(Argument::player(player.into()))
        .arg(Argument::quoted("the saved inventory", save.as_ref()))
        .returning_nothing()
}

/// Shows a text to players for a while.
///
/// `player message <players: PlayerList> <message: text> [duration: float = 10]`: returns nothing. The duration is in
/// seconds. A player who joined less than about 15 s ago does not see it yet. Succeeds also when a player has no body
/// yet and sees nothing. How it ends when no player matches is not attested. Without a connection it waits for one, up
/// to 30 s, and may come late: `WhenNotReady::Fail` drops it instead. Attested by TavernLib.
#[doc(alias = "player message")]
pub fn message(players: impl Into<Target>, text: impl Into<Argument>) -> Message {
    let command = Command::new("player message");
    Message::new(command.arg(players.into()).arg(text).returning_nothing())
}

optional_arguments! {
    /// What [`message`] makes.
    pub struct Message -> () {
        /// How long the text is shown. Ten seconds by default.
        duration(duration: Duration) => duration.as_secs_f64().into(), else "10";
    }
}

/// Disconnects players from the server.
///
/// `player kick <players: PlayerList> [reason: text = No reason provided]`: returns nothing. Attested by TavernLib.
#[doc(alias = "player kick")]
pub fn kick(players: impl Into<Target>) -> Kick {
    let command = Command::new("player kick");
    Kick::new(command.arg(players.into()).returning_nothing())
}

optional_arguments! {
    /// What [`kick`] makes.
    pub struct Kick -> () {
        /// What they are told. `No reason provided` by default.
        reason(reason: impl Into<Argument>) => reason.into(), else "\"No reason provided\"";
    }
}

/// Kills players.
///
/// `player kill <players: PlayerList>`: returns nothing. Attested by TavernLib and the py-tale README.
#[doc(alias = "player kill")]
pub fn kill(players: impl Into<Target>) -> Command<()> {
    let command = Command::new("player kill");
    command.arg(players.into()).returning_nothing()
}

/// Cripples players.
///
/// `player cripple <players: PlayerList>`: returns nothing. Attested by TavernLib.
#[doc(alias = "player cripple")]
pub fn cripple(players: impl Into<Target>) -> Command<()> {
    let command = Command::new("player cripple");
    command.arg(players.into()).returning_nothing()
}

/// Makes players invulnerable, or vulnerable again.
///
/// `player god-mode <players: PlayerList> <isOn: bool>`: returns nothing. Attested by TavernLib.
#[doc(alias = "player god-mode")]
pub fn god_mode(players: impl Into<Target>, is_on: bool) -> Command<()> {
    let command = Command::new("player god-mode");
    command.arg(players.into()).arg(is_on).returning_nothing()
}

/// Moves players to another player, or to a place known by name.
///
/// `player teleport <players: PlayerList> [target: SpawnArea = RespawnPoint]`: returns nothing. The server tells the
/// two forms apart by their text: a player whose name is also that of a place is best given by id. Nothing teleports to
/// coordinates. Attested by TavernLib.
#[doc(alias = "player teleport")]
pub fn teleport(players: impl Into<Target>, area: impl Into<SpawnArea>) -> Command<()> {
    Command::new("player teleport")
        .arg(players.into())
        .arg(area.into())
        .returning_nothing()
}

/// Moves players to another player, or to a place known by name.
///
/// `player teleport <players: PlayerList> <targetPlayer: Player>`: returns nothing. The server tells the two forms
/// apart by their text: a player whose name is also that of a place is best given by id. Nothing teleports to
/// coordinates. Attested by TavernLib.
#[doc(alias = "player teleport")]
pub fn teleport_to(players: impl Into<Target>, player: impl Into<Target>) -> Command<()> {
    Command::new("player teleport")
        .arg(players.into())
        .arg(Argument::player_no_place(
            player.into(),
            SpawnArea::is_known,
        ))
        .returning_nothing()
}

/// Tells where a player comes back to life.
///
/// `player get-home <player: Player>`: returns `Vector3`. In metres. Attested by TavernLib.
#[doc(alias = "player get-home")]
pub fn home(player: impl Into<Target>) -> Command<Vector3> {
    let player = Argument::player(player.into());
    Command::new("player get-home")
        .arg(player)
        .read_by(read::one)
}

/// Sets where players come back to life.
///
/// `player set-home <players: PlayerList> [home: Vector3 = 0,0,0]`: returns nothing. In metres. Bots send `0,0,0`, the
/// default, to take a home back. Attested by TavernLib.
#[doc(alias = "player set-home")]
pub fn set_home(players: impl Into<Target>, home: Vector3) -> Command<()> {
    let command = Command::new("player set-home");
    command.arg(players.into()).arg(home).returning_nothing()
}

/// Tells one value of a player, such as health.
///
/// `player check-stat <player: Player> <stat: Stat>`: returns `StatValue`. Attested by TavernLib and att-voodoo-server.
#[doc(alias = "player check-stat")]
pub fn check_stat(player: impl Into<Target>, stat: impl Into<Stat>) -> Command<StatValue> {
    Command::new("player check-stat")
        .arg(Argument::player(player.into()))
        .arg(stat.into())
        .read_by(read::one)
}

/// Tells all values of a player with their limits.
///
/// `player list-stats <player: Player>`: returns `[StatInfo]`. Of a player without a body, only the limits. Attested by
/// TavernLib.
#[doc(alias = "player list-stats")]
pub fn list_stats(player: impl Into<Target>) -> Command<Listing<StatInfo>> {
    let player = Argument::player(player.into());
    Command::new("player list-stats")
        .arg(player)
        .read_by(read::list)
}

/// Sets a value of players.
///
/// `player set-stat <players: PlayerList> <statDefinition: Stat> <value: float> [applicationType: StatApplication =
/// Base]`: returns nothing. Attested by TavernLib.
#[doc(alias = "player set-stat")]
pub fn set_stat(players: impl Into<Target>, stat: impl Into<Stat>, value: f64) -> SetStat {
    let command = Command::new("player set-stat");
    let command = command.arg(players.into()).arg(stat.into()).arg(value);
    SetStat::new(command.returning_nothing())
}

optional_arguments! {
    /// What [`set_stat`] makes.
    pub struct SetStat -> () {
        /// Which side of the value is set: [`Base`](StatApplication::Base) by default.
        application(application: impl Into<StatApplication>) => application.into().into(), else "Base";
    }
}

/// Changes a value of players for a while.
///
/// `player modify-stat <players: PlayerList> <statDefinition: Stat> <valueModifier: float> <duration: float>
/// [isMultiplier: bool = false]`: returns nothing. The modifier is added to the value, or multiplied with it. The
/// duration is in seconds. Attested by TavernLib.
#[doc(alias = "player modify-stat")]
pub fn modify_stat(
    players: impl Into<Target>,
    stat: impl Into<Stat>,
    modifier: f64,
    duration: Duration,
) -> ModifyStat {
    let command = Command::new("player modify-stat");
    let command = command.arg(players.into()).arg(stat.into()).arg(modifier);
    let command = command.arg(duration.as_secs_f64());
    ModifyStat::new(command.returning_nothing())
}

optional_arguments! {
    /// What [`modify_stat`] makes.
    pub struct ModifyStat -> () {
        /// Whether the value is multiplied with the modifier, which is added to it by default.
        multiplier(is_multiplier: bool) => is_multiplier.into(), else "false";
    }
}

/// Gives or takes an unlock, such as `Climbing Unlock`.
///
/// `player set-unlock <players: PlayerList> <unlock: PlayerUnlock> [isUnlocked: bool = true]`: returns nothing. A
/// simple server has it only with its `debug_features`. Attested by TavernLib and attprefabulator.
#[doc(alias = "player set-unlock")]
pub fn set_unlock(players: impl Into<Target>, unlock: impl AsRef<str>) -> SetUnlock {
    let command = Command::new("player set-unlock");
    let unlock = Argument::quoted("the name of an unlock", unlock.as_ref());
    let command = command.arg(players.into()).arg(unlock);
    SetUnlock::new(command.returning_nothing())
}

optional_arguments! {
    /// What [`set_unlock`] makes.
    pub struct SetUnlock -> () {
        /// Whether it is given, as by default, or taken.
        unlocked(is_unlocked: bool) => is_unlocked.into(), else "true";
    }
}

/// Tells whether a player has an unlock.
///
/// `player unlock-check <player: Player> <unlock: PlayerUnlock>`: returns `bool`. Attested by TavernLib.
#[doc(alias = "player unlock-check")]
pub fn check_unlock(player: impl Into<Target>, unlock: impl AsRef<str>) -> Command<bool> {
    Command::new("player unlock-check")
        .arg(Argument::player(player.into()))
        .arg(Argument::quoted("the name of an unlock", unlock.as_ref()))
        .read_by(read::one)
}

/// Ends the unlock that a player is in.
///
/// `player unlock-cancel <player: Player>`: returns nothing. Attested by TavernLib.
#[doc(alias = "player unlock-cancel")]
pub fn cancel_unlock(player: impl Into<Target>) -> Command<()> {
    let player = Argument::player(player.into());
    Command::new("player unlock-cancel")
        .arg(player)
        .returning_nothing()
}

/// Writes the players' damage multiplier to the log.
///
/// `player getdamagemulti`: returns nothing; what it has to say goes to the server's log. Attested by TavernLib.
#[doc(alias = "player getdamagemulti")]
pub fn log_damage_multiplier() -> Command<()> {
    Command::new("player getdamagemulti").returning_nothing()
}

/// Sets how much damage players take, 1 being usual.
///
/// `player setdamagemulti <multiplier: float>`: returns nothing; what it has to say goes to the server's log. Attested
/// by TavernLib.
#[doc(alias = "player setdamagemulti")]
pub fn set_damage_multiplier(multiplier: f64) -> Command<()> {
    let command = Command::new("player setdamagemulti");
    command.arg(multiplier).returning_nothing()
}
