use super::EntityRef;
use crate::console::{cave_layer, chunk_name};
use crate::{EntityId, PrefabHash, User, UserId, Vector3};
use serde_json::Value;

model! {
    /// A player with the positions of the body: `player detailed` returns one, `player list-detailed` a
    /// list. Positions are in meters; forward and up are directions of length 1.
    #[doc(alias = "UserInfoDetailed")]
    pub struct PlayerDetailed {
        /// The position of the feet.
        optional position: Vector3 = "Position",
        /// The position of the head.
        optional head_position: Vector3 = "HeadPosition",
        /// The direction of the eyes.
        optional head_forward: Vector3 = "HeadForward",
        /// The direction of the top of the head.
        optional head_up: Vector3 = "HeadUp",
        /// The position of the left hand.
        optional left_hand_position: Vector3 = "LeftHandPosition",
        /// The direction of the left hand.
        optional left_hand_forward: Vector3 = "LeftHandForward",
        /// The direction of the top of the left hand.
        optional left_hand_up: Vector3 = "LeftHandUp",
        /// The position of the right hand.
        optional right_hand_position: Vector3 = "RightHandPosition",
        /// The direction of the right hand.
        optional right_hand_forward: Vector3 = "RightHandForward",
        /// The direction of the top of the right hand.
        optional right_hand_up: Vector3 = "RightHandUp",
        /// The current chunk: `<entity id> - <name> (<.NET class>)`.
        optional chunk: String = "Chunk",
        /// The entity of the body.
        optional body: EntityRef = "Body",
        /// The player's id.
        required id: UserId = "id",
        /// The player's name; empty when the server sent none.
        default username: String = "username" | "name",
    }
}

impl PlayerDetailed {
    /// The player without the body.
    pub fn user(&self) -> User {
        User::new(self.id, self.username.as_str())
    }

    /// The name of the current chunk as in events, without its id and its class.
    ///
    /// ```
    /// # use alta_model::console::result::PlayerDetailed;
    /// let player: PlayerDetailed = serde_json::from_str(
    ///     r#"{"id": 1, "Chunk": "1210 - Chunk 18-5 Tower (Alta.Chunks.OverworldChunk)"}"#,
    /// )?;
    /// assert_eq!(player.chunk_name(), Some("Chunk 18-5 Tower"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn chunk_name(&self) -> Option<&str> {
        self.chunk.as_deref().map(chunk_name)
    }

    /// The current layer of the caves; none outside of them.
    pub fn cave_layer(&self) -> Option<u32> {
        cave_layer(self.chunk.as_deref()?)
    }
}

model! {
    /// The items of a player. `player inventory` returns one for each requested player, and a null for one without a body.
    pub struct Inventory {
        /// In the left hand.
        optional left_hand: Item = "LeftHand",
        /// In the right hand.
        optional right_hand: Item = "RightHand",
        /// On the belt, slot by slot; four in samples.
        slots belt: Item = "Belt",
        /// On the back, slot by slot; one in samples.
        slots back: Item = "Back",
        /// All items, also those in bags.
        list all: Item = "All",
    }
}

model! {
    /// An item that a player carries.
    pub struct Item {
        /// Its name, `Torch(Clone)`; empty when the server sent none.
        default name: String = "Name",
        /// Its id in the world.
        optional identifier: EntityId = "Identifier",
        /// The id of its parent object.
        optional root_identifier: EntityId = "RootIdentifier",
        /// Its prefab.
        optional prefab_hash: PrefabHash = "PrefabHash",
        /// The object with which it is loaded.
        optional chunking_parent: EntityId = "ChunkingParent",
        /// Its position, in meters.
        optional position: Vector3 = "Position",
        /// Its rotation, in degrees.
        optional rotation: Vector3 = "Rotation",
    }
}

model! {
    /// One stat of a player, from `player check-stat`.
    pub struct StatValue {
        /// The stat; its shape is not attested.
        optional definition: Value = "Definition",
        /// The current value.
        optional value: f64 = "Value",
        /// The value without modifiers.
        optional base: f64 = "Base",
    }
}

model! {
    /// One stat of a player with its limits, from `player list-stats`.
    pub struct StatInfo {
        /// The stat; empty when the server sent none.
        default name: String = "Name",
        /// The minimum.
        optional min: f64 = "Min",
        /// The maximum.
        optional max: f64 = "Max",
        /// The current value.
        optional value: f64 = "Value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_detailed_player_is_read_from_arrays_and_from_the_strings_of_2021() {
        let player: PlayerDetailed = serde_json::from_value(json!({
            "Position": [-870.5, 150.25, 98.0],
            "HeadPosition": "(-870.4, 151.9, 98.1)",
            "LeftHandUp": null,
            "Chunk": "1180 - Chunk 12-20 Meadow (Alta.Chunks.OverworldChunk)",
            "Body": {"Identifier": 40123, "Name": "VR Player Character New(Clone)"},
            "id": "1200000001",
            "Username": "Ashwick"
        }))
        .unwrap();
        assert_eq!(player.position, Some(Vector3::new(-870.5, 150.25, 98.0)));
        assert_eq!(
            player.head_position,
            Some(Vector3::new(-870.4, 151.9, 98.1))
        );
        assert_eq!(player.left_hand_up, None);
        assert_eq!(
            player.body.as_ref().unwrap().identifier,
            EntityId::new(40_123)
        );
        assert_eq!(
            player.user(),
            User::new(UserId::new(1_200_000_001), "Ashwick")
        );
    }

    #[test]
    fn the_name_of_a_chunk_is_read_without_its_id_and_its_class() {
        for (chunk, name, layer) in [
            (
                "1180 - Chunk 12-20 Meadow (Alta.Chunks.OverworldChunk)",
                "Chunk 12-20 Meadow",
                None,
            ),
            (
                "1402 - Cave Layer 3 (Alta.Chunks.CaveChunk)",
                "Cave Layer 3",
                Some(3),
            ),
            ("Cave Layer 4", "Cave Layer 4", Some(4)),
            ("Old - Mill", "Old - Mill", None),
            ("", "", None),
        ] {
            let player = serde_json::from_value(json!({"id": 1, "Chunk": chunk}));
            let player: PlayerDetailed = player.unwrap();
            assert_eq!(player.chunk_name(), Some(name), "{chunk}");
            assert_eq!(player.cave_layer(), layer, "{chunk}");
        }
        let nowhere: PlayerDetailed = serde_json::from_value(json!({"id": 1})).unwrap();
        assert_eq!((nowhere.chunk_name(), nowhere.cave_layer()), (None, None));
    }

    #[test]
    fn empty_hands_empty_slots_and_players_without_a_body_are_none() {
        let inventories: Vec<Option<Inventory>> = serde_json::from_value(json!([
            {
                "LeftHand": {"Name": "Torch(Clone)", "Identifier": 51240, "PrefabHash": 31502,
                             "Position": [0, 1, 2], "Rotation": [0.0, 90.0, 0.0]},
                "RightHand": null,
                "Belt": [null, {"Name": "Bag(Clone)"}, null, null],
                "Back": [null],
                "All": [{"Name": "Torch(Clone)"}, {"Name": "Bag(Clone)"}]
            },
            null
        ]))
        .unwrap();
        let inventory = inventories[0].as_ref().unwrap();
        assert_eq!(
            inventory.left_hand.as_ref().unwrap().prefab_hash,
            Some(PrefabHash::new(31_502))
        );
        assert_eq!(inventory.right_hand, None);
        assert_eq!(inventory.belt.len(), 4);
        assert_eq!(inventory.belt[1].as_ref().unwrap().name, "Bag(Clone)");
        assert_eq!(inventory.back, [None]);
        assert_eq!(inventory.all.len(), 2);
        assert_eq!(inventories[1], None);
    }
}
