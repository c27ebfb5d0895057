//! `select …`: looking at one entity of the world, and moving it.
//!
//! These work on a selection, and whether it belongs to the connection, the account or the server is not documented. Run
//! select and operate as a unit, never interleaved with another such sequence.

use super::{Prefab, read};
use crate::argument::{Argument, Target};
use crate::command::Command;
use crate::reply::Reply;
use alta_model::console::result::{EntityInfo, EntityRef};
use alta_model::{EntityId, Listing, Vector3};

/// Selects an entity for the commands that follow.
///
/// `select <identifier: entity id>`: what it returns is not attested. The selection is one and shared by whoever uses
/// it: run such sequences one after the other. What it does is inferred from its name. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "select")]
pub fn entity(id: EntityId) -> Command {
    Command::new("select").arg(id)
}

/// Selects the entity of a kind that is nearest to a player.
///
/// `select prefab <prefab: Prefab> <player: Player>`: what it returns is not attested. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and TavernKeeper.
#[doc(alias = "select prefab")]
pub fn prefab(prefab: impl Into<Prefab>, player: impl Into<Target>) -> Command {
    let command = Command::new("select prefab").arg(prefab.into());
    command.arg(Argument::player(player.into()))
}

/// Selects nothing.
///
/// `select unselect`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "select unselect")]
pub fn unselect() -> Command {
    Command::new("select unselect")
}

/// Lists the entities near a player.
///
/// `select find <player: Player> [distance: float = 10]`: returns `[EntityRef]`. The distance is in metres. Attested by
/// TavernLib and att-voodoo-server.
#[doc(alias = "select find")]
pub fn find(player: impl Into<Target>) -> Find {
    let command = Command::new("select find").arg(Argument::player(player.into()));
    Find::new(command.read_by(read::list))
}

optional_arguments! {
    /// What [`find`] makes.
    pub struct Find -> Listing<EntityRef> {
        /// How far around the player, in metres. Ten by default.
        distance(metres: f64) => metres.into(), else "10";
    }
}

/// Tells what an entity is, where it is, and how it is turned.
///
/// `select get <identifier: entity id>`: returns `EntityInfo`. Without an id, of what is selected. Types are inferred
/// from the parameters' names. Attested by TavernLauncher's list and att-voodoo-server.
#[doc(alias = "select get")]
pub fn get(id: EntityId) -> Command<EntityInfo> {
    Command::new("select get").arg(id).read_by(read::one)
}

/// Tells what an entity is, where it is, and how it is turned.
///
/// `select get`: returns `EntityInfo`. Without an id, of what is selected. Attested by TavernLauncher's list and
/// att-voodoo-server.
#[doc(alias = "select get")]
pub fn get_selected() -> Command<EntityInfo> {
    Command::new("select get").read_by(read::one)
}

/// Gives what is selected as a save string.
///
/// `select tostring`: returns `text`. Works on what this connection has selected. The save string is the
/// `ResultString`; `spawn string-raw` makes the thing again. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select tostring")]
pub fn tostring() -> Command<String> {
    Command::new("select tostring").returning()
}

/// Destroys what is selected.
///
/// `select destroy`: returns nothing. Works on what this connection has selected. What it does is inferred from its
/// name. Attested by TavernLauncher's list.
#[doc(alias = "select destroy")]
pub fn destroy() -> Command<()> {
    Command::new("select destroy").returning_nothing()
}

/// Moves what is selected to a position.
///
/// `select move exact <position: Vector3>`: returns nothing. In metres. Types are inferred from the parameters' names.
/// Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select move exact")]
pub fn move_exact(position: Vector3) -> Command<()> {
    let command = Command::new("select move exact");
    command.arg(position).returning_nothing()
}

/// Moves what is selected forwards.
///
/// `select move forward <amount: float>`: what it returns is not attested. In metres. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select move forward")]
pub fn move_forward(metres: f64) -> Command {
    Command::new("select move forward").arg(metres)
}

/// Moves what is selected backwards.
///
/// `select move back <amount: float>`: what it returns is not attested. In metres. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select move back")]
pub fn move_back(metres: f64) -> Command {
    Command::new("select move back").arg(metres)
}

/// Moves what is selected to the left.
///
/// `select move left <amount: float>`: what it returns is not attested. In metres. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select move left")]
pub fn move_left(metres: f64) -> Command {
    Command::new("select move left").arg(metres)
}

/// Moves what is selected to the right.
///
/// `select move right <amount: float>`: what it returns is not attested. In metres. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select move right")]
pub fn move_right(metres: f64) -> Command {
    Command::new("select move right").arg(metres)
}

/// Moves what is selected up.
///
/// `select move up <amount: float>`: what it returns is not attested. In metres. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select move up")]
pub fn move_up(metres: f64) -> Command {
    Command::new("select move up").arg(metres)
}

/// Moves what is selected down.
///
/// `select move down <amount: float>`: what it returns is not attested. In metres. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select move down")]
pub fn move_down(metres: f64) -> Command {
    Command::new("select move down").arg(metres)
}

/// Turns what is selected to three angles.
///
/// `select rotate exact <rotation: Vector3>`: returns nothing. Pitch, yaw and roll in degrees. Types are inferred from
/// the parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select rotate exact")]
pub fn rotate_exact(rotation: Vector3) -> Command<()> {
    let command = Command::new("select rotate exact");
    command.arg(rotation).returning_nothing()
}

/// Turns what is selected in pitch.
///
/// `select rotate pitch <degrees: float>`: what it returns is not attested. In degrees. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select rotate pitch")]
pub fn rotate_pitch(degrees: f64) -> Command {
    Command::new("select rotate pitch").arg(degrees)
}

/// Turns what is selected in yaw.
///
/// `select rotate yaw <degrees: float>`: what it returns is not attested. In degrees. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select rotate yaw")]
pub fn rotate_yaw(degrees: f64) -> Command {
    Command::new("select rotate yaw").arg(degrees)
}

/// Turns what is selected in roll.
///
/// `select rotate roll <degrees: float>`: what it returns is not attested. In degrees. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select rotate roll")]
pub fn rotate_roll(degrees: f64) -> Command {
    Command::new("select rotate roll").arg(degrees)
}

/// Turns what is selected towards a player.
///
/// `select look-at <player: Player> [isRotatingAllAxis: bool]`: what it returns is not attested. Works on what this
/// connection has selected. Types are inferred from the parameters' names. Attested by TavernLauncher's list and
/// attprefabulator.
#[doc(alias = "select look-at")]
pub fn look_at(player: impl Into<Target>) -> LookAt {
    let player = Argument::player(player.into());
    LookAt::new(Command::new("select look-at").arg(player))
}

optional_arguments! {
    /// What [`look_at`] makes.
    pub struct LookAt -> Reply {
        /// Whether it turns on all axes. The server's default is not attested.
        all_axes(is_rotating_all_axes: bool) => is_rotating_all_axes.into(), else "false";
    }
}

/// Puts what is selected on the ground.
///
/// `select snap-ground`: what it returns is not attested. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "select snap-ground")]
pub fn snap_ground() -> Command {
    Command::new("select snap-ground")
}

/// Puts what is selected where another entity is.
///
/// `select snap-to <identifier: entity id>`: what it returns is not attested. What it does is inferred from its name.
/// Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "select snap-to")]
pub fn snap_to(id: EntityId) -> Command {
    Command::new("select snap-to").arg(id)
}
