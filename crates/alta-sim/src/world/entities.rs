use super::saved::{Saved, angles, quaternion};
use alta_cloud::wire::json::Node;
use std::sync::Arc;

/// An entity in the game.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) prefab: u32,
    pub(crate) position: [f64; 3],
    /// Pitch, yaw and roll in degrees.
    rotation: [f64; 3],
    /// The same rotation as save strings have it.
    quaternion: [f32; 4],
    pub(crate) scale: f32,
    /// The save string from which it was spawned.
    saved: Saved,
}

impl Entity {
    pub(super) fn new(id: u64, item: &Item, position: [f64; 3]) -> Self {
        Self {
            id,
            name: format!("{}(Clone)", item.name),
            prefab: item.hash,
            position,
            rotation: [0.0; 3],
            quaternion: [0.0, 0.0, 0.0, 1.0],
            scale: 1.0,
            saved: Saved::of(item.hash),
        }
    }

    /// Takes the state, the rotation and the scale of a save string, which is of the same prefab.
    pub(super) fn restore(&mut self, saved: Saved) {
        if let Some(pose) = saved.pose() {
            self.rotation = angles(pose.rotation);
            self.quaternion = pose.rotation;
            self.scale = pose.scale;
        }
        self.saved = saved;
    }

    pub(crate) fn rotation(&self) -> [f64; 3] {
        self.rotation
    }

    pub(crate) fn rotate_to(&mut self, rotation: [f64; 3]) {
        self.rotation = rotation;
        self.quaternion = quaternion(rotation);
    }

    /// The save string.
    pub(crate) fn save_string(&self) -> String {
        self.saved
            .with_pose(self.position, self.quaternion, self.scale)
            .to_string()
    }

    /// `{Identifier, Name}`.
    pub(crate) fn reference(&self) -> Node {
        Node::object([
            ("Identifier", self.id.into()),
            ("Name", self.name.as_str().into()),
        ])
    }
}

/// A prefab: a kind of entity that can be spawned, held and traded.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The display name, as in `InventoryChanged`.
    pub(crate) name: Arc<str>,
    pub(crate) hash: u32,
}

/// The stock prefabs. Hashes that samples show are attested, the others are invented.
const STOCK: [(&str, u32); 8] = [
    ("Short Sword Blade", 22_888),
    ("SpriggullDrumstick Full Cooked", 33_190),
    ("Handle Short Cool", 42_230),
    ("Torch", 31_502),
    ("Dynamite", 20_034),
    ("Apple Full Ripe", 17_610),
    ("Pickaxe", 40_868),
    ("Rope Clump", 61_652),
];

impl Item {
    /// The prefabs that exist from the start.
    pub(crate) fn stock() -> Vec<Self> {
        STOCK
            .into_iter()
            .map(|(name, hash)| Self {
                name: name.into(),
                hash,
            })
            .collect()
    }
}
