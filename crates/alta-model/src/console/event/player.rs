use super::{ChangeType, DamageSource, InventoryType, PlayerState};
use crate::console::cave_layer;
use crate::{PrefabHash, User, Vector3};

model! {
    /// A player connected. Captured.
    ///
    /// A `player message` within about 15 s is not shown to the player; after 25 to 30 s it is.
    pub struct PlayerJoined {
        /// The player.
        required user: User = "user" | "player",
        /// The headset: `MetaQuest`, `OpenVR`, …
        optional mode: String = "mode",
        /// The position, in meters.
        optional position: Vector3 = "position",
    }
}

model! {
    /// A player left.
    pub struct PlayerLeft {
        /// The player.
        required user: User = "user" | "player",
        /// The headset.
        optional mode: String = "mode",
        /// The last position, in meters.
        optional position: Vector3 = "position",
    }
}

model! {
    /// A player moved from one chunk of the world to another. Captured; busy.
    ///
    /// Chunks are named `Townhall Building Chunk`, `Chunk 18-33`, `Cave Layer 3`.
    pub struct PlayerMovedChunk {
        /// The player.
        required player: User = "player" | "user",
        /// The previous chunk; empty when the server sent none.
        default old_chunk: String = "oldChunk",
        /// The current chunk; empty when the server sent none.
        default new_chunk: String = "newChunk",
    }
}

impl PlayerMovedChunk {
    /// The current layer of the caves; none outside of them.
    ///
    /// ```
    /// # use alta_model::console::event::PlayerMovedChunk;
    /// let moved: PlayerMovedChunk = serde_json::from_str(
    ///     r#"{"player": {"id": 1, "username": "Ashwick"}, "oldChunk": "Chunk 18-33", "newChunk": "Cave Layer 3"}"#,
    /// )?;
    /// assert_eq!(moved.new_cave_layer(), Some(3));
    /// assert_eq!(moved.old_cave_layer(), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new_cave_layer(&self) -> Option<u32> {
        cave_layer(&self.new_chunk)
    }

    /// The previous layer of the caves; none outside of them.
    pub fn old_cave_layer(&self) -> Option<u32> {
        cave_layer(&self.old_chunk)
    }
}

model! {
    /// A player entered or left a state. Captured.
    ///
    /// A death by damage sends, within some milliseconds: Combat exit, Downed enter, Downed exit, Playing exit, Dead
    /// enter, then [`PlayerKilled`].
    pub struct PlayerStateChanged {
        /// The player. Townsharp's type calls the field `player`.
        required user: User = "user" | "player",
        /// The state.
        required state: PlayerState = "state",
        /// True if the player entered it, false if the player left it; none if the server did not send it.
        optional is_enter: bool = "isEnter",
    }
}

model! {
    /// A player died. Captured.
    pub struct PlayerKilled {
        /// The player who died.
        required killed_player: User = "killedPlayer",
        /// The cause; often `Unknown`.
        optional source: DamageSource = "source",
        /// The weapon: `<entity id> - <prefab name>(Clone)`.
        optional used_tool: String = "usedTool",
        /// The entity that held it; the only hint for a bare hand.
        optional tool_wielder: String = "toolWielder",
        /// The player who killed, if there was one; often absent.
        optional killer_player: User = "killerPlayer",
    }
}

model! {
    /// An item changed its owner or place. Captured; busy, and several kilobytes with the save string.
    pub struct InventoryChanged {
        /// The player who caused it.
        required user: User = "User" | "player",
        /// The item's name; empty when the server sent none.
        default item_name: String = "ItemName",
        /// The quantity.
        optional quantity: i64 = "Quantity",
        /// The item's prefab: a number in the captured frame, a string in att-client's type.
        optional item_hash: PrefabHash = "ItemHash",
        /// The material.
        optional material: String = "Material",
        /// The whole item for `spawn string`; empty when the server sent none. [`SaveString`](crate::SaveString) reads it.
        default save_string: String = "SaveString",
        /// The change.
        optional change_type: ChangeType = "ChangeType",
        /// The new place, according to the only sample: an item that was docked in the world. There is no sample of other
        /// changes.
        optional inventory_type: InventoryType = "InventoryType",
        /// The new owner.
        optional destination_user: User = "DestinationUser",
    }
}
