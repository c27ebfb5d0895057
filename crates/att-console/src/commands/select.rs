//! `select …`: looking at one entity of the world, and moving it.
//!
//! These commands work on a selection. No source says if it belongs to the connection, the account or the server: builders report
//! that tools of one account disturb each other. Run a selection and the commands on it as one unit, never interleaved with another
//! such sequence; the guard of `att_kit::building` does that for the tasks of a program.

use alta_model::console::result::{EntityInfo, EntityRef};

commands! {
    /// Selects an entity for the following commands.
    ///
    /// Run such sequences one after the other: another task, or another client of the account, can change the selection.
    "select" { fn entity(id "identifier": EntityId); } by [TavernLauncher], inferred, most_used;

    /// Destroys the selected entity.
    ///
    /// `wacky destroy` names the entity instead.
    "select destroy" -> nothing { fn destroy(); } by [TavernLauncher], inferred, most_used, uses(14_325);

    /// Lists the entities near a player.
    "select find" -> list EntityRef {
        fn find(player: Player) with Find {
            /// The distance from the player, in meters. By default ten.
            distance: float = "10",
        };
    } by [TavernLib, AttVoodooServer], most_used, uses(1_083);

    /// Returns an entity's name, position and rotation.
    ///
    /// Without an id, those of the selected entity.
    "select get" -> one EntityInfo {
        fn get(id "identifier": EntityId);
        /// Returns the selected entity's name, position and rotation.
        fn get_selected();
    } by [TavernLauncher, AttVoodooServer], most_used, uses(67_980);

    /// Turns the selected entity towards a player.
    "select look-at" {
        fn look_at(player: Player) with LookAt {
            /// `true` turns the entity on all axes. No source gives the server's default.
            all_axes "isRotatingAllAxis": bool = _,
        };
    } by [TavernLauncher, AttPrefabulator], most_used, uses(245);

    /// Moves the selected entity backward.
    ///
    /// In meters.
    "select move back" { fn move_back(amount: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Moves the selected entity down.
    ///
    /// In meters.
    "select move down" { fn move_down(amount: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Moves the selected entity to a position.
    ///
    /// In meters.
    "select move exact" -> nothing { fn move_exact(position: Vector3); }
        by [TavernLauncher, AttPrefabulator], most_used;

    /// Moves the selected entity forward.
    ///
    /// In meters.
    "select move forward" { fn move_forward(amount: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Moves the selected entity to the left.
    ///
    /// In meters.
    "select move left" { fn move_left(amount: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Moves the selected entity to the right.
    ///
    /// In meters.
    "select move right" { fn move_right(amount: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Moves the selected entity up.
    ///
    /// In meters.
    "select move up" { fn move_up(amount: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Selects the entity of a prefab that is nearest to a player.
    "select prefab" { fn prefab(prefab: Prefab, player: Player); }
        by [TavernLauncher, TavernKeeper], most_used, uses(148);

    /// Sets the rotation of the selected entity.
    ///
    /// Pitch, yaw and roll in degrees.
    "select rotate exact" -> nothing { fn rotate_exact(rotation: Vector3); }
        by [TavernLauncher, AttPrefabulator], most_used;

    /// Rotates the selected entity in pitch.
    ///
    /// In degrees.
    "select rotate pitch" { fn rotate_pitch(degrees: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Rotates the selected entity in roll.
    ///
    /// In degrees.
    "select rotate roll" { fn rotate_roll(degrees: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Rotates the selected entity in yaw.
    ///
    /// In degrees.
    "select rotate yaw" { fn rotate_yaw(degrees: float); } by [TavernLauncher, AttPrefabulator], most_used;

    /// Puts the selected entity on the ground.
    "select snap-ground" { fn snap_ground(); } by [TavernLauncher, AttPrefabulator], most_used, uses(7);

    /// Moves the selected entity to another entity.
    "select snap-to" { (identifier: EntityId); } by [TavernLauncher], inferred;

    /// Returns the selected entity as a save string.
    ///
    /// The save string is the `ResultString`; `spawn string-raw` spawns a copy from it.
    "select tostring" -> one String { fn tostring(); } by [TavernLauncher, AttPrefabulator], most_used, uses(4_666);

    /// Clears the selection.
    "select unselect" { (); } by [TavernLauncher], inferred, uses(2);
}
