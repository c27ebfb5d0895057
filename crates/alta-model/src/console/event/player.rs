use super::{ChangeType, DamageSource, InventoryType, PlayerState};
use crate::{PrefabHash, User, Vector3};

model! {
    /// A player connected. Captured.
    ///
    /// A `player message` sent within about 15 s is not shown to them; after 25 to 30 s it is.
    pub struct PlayerJoined {
        /// The player.
        required user: User = "user" | "player",
        /// What they play with: `MetaQuest`, `OpenVR`, …
        optional mode: String = "mode",
        /// Where they are, in meters.
        optional position: Vector3 = "position",
    }
}

model! {
    /// A player left.
    pub struct PlayerLeft {
        /// The player.
        required user: User = "user" | "player",
        /// What they played with.
        optional mode: String = "mode",
        /// Where they were, in meters.
        optional position: Vector3 = "position",
    }
}

model! {
    /// A player walked from one chunk of the world into another. Captured; busy.
    ///
    /// Chunks are named `Townhall Building Chunk`, `Chunk 18-33`, `Cave Layer 3`.
    pub struct PlayerMovedChunk {
        /// The player.
        required player: User = "player" | "user",
        /// Where they came from; empty when the server sent none.
        default old_chunk: String = "oldChunk",
        /// Where they are; empty when the server sent none.
        default new_chunk: String = "newChunk",
    }
}

impl PlayerMovedChunk {
    /// The layer of the caves that they are in now; none if they are elsewhere.
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

    /// The layer of the caves that they came from; none if they were elsewhere.
    pub fn old_cave_layer(&self) -> Option<u32> {
        cave_layer(&self.old_chunk)
    }
}

/// `Cave Layer 3`.
pub(crate) fn cave_layer(chunk: &str) -> Option<u32> {
    let layer = chunk.trim().strip_prefix("Cave Layer ")?;
    layer.trim().parse().ok()
}

model! {
    /// A player began or ceased to be in a state. Captured.
    ///
    /// A death by damage sends, within some milliseconds: Combat exit, Downed enter, Downed exit, Playing exit, Dead
    /// enter, then [`PlayerKilled`].
    pub struct PlayerStateChanged {
        /// The player. Townsharp's type calls the field `player`.
        required user: User = "user" | "player",
        /// The state.
        required state: PlayerState = "state",
        /// Whether it began (or, if not, ended); none if the server did not say.
        optional is_enter: bool = "isEnter",
    }
}

model! {
    /// A player died. Captured.
    pub struct PlayerKilled {
        /// Who died.
        required killed_player: User = "killedPlayer",
        /// Of what; often `Unknown`.
        optional source: DamageSource = "source",
        /// With what: `<entity id> - <prefab name>(Clone)`.
        optional used_tool: String = "usedTool",
        /// Who held it, as an entity; for a bare hand the only hint.
        optional tool_wielder: String = "toolWielder",
        /// The player who did it, if one did; often absent.
        optional killer_player: User = "killerPlayer",
    }
}

model! {
    /// An item changed hands or place. Captured; busy, and several kilobytes with the save string.
    pub struct InventoryChanged {
        /// Who did it.
        required user: User = "User" | "player",
        /// The item's name; empty when the server sent none.
        default item_name: String = "ItemName",
        /// How many.
        optional quantity: i64 = "Quantity",
        /// The item's prefab: a number in the captured frame, a text in att-client's type.
        optional item_hash: PrefabHash = "ItemHash",
        /// What it is made of.
        optional material: String = "Material",
        /// The whole item as `spawn string` takes it; empty when the server sent none.
        default save_string: String = "SaveString",
        /// What happened.
        optional change_type: ChangeType = "ChangeType",
        /// Where it is now, by the one sample: an item that was docked in the world. Of drops and pickups there is none.
        optional inventory_type: InventoryType = "InventoryType",
        /// With whom it is now.
        optional destination_user: User = "DestinationUser",
    }
}

#[cfg(test)]
mod tests {
    use super::cave_layer;

    #[test]
    fn only_a_numbered_layer_of_the_caves_is_one() {
        assert_eq!(cave_layer("Cave Layer 12"), Some(12));
        for chunk in [
            "",
            "Cave Layer",
            "Cave Layer x",
            "Chunk 18-33",
            "Cave Layer -1",
            "A Cave Layer 3",
        ] {
            assert_eq!(cave_layer(chunk), None, "{chunk}");
        }
    }
}
