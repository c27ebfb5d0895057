use std::sync::Arc;

use super::World;
use crate::json::Node;

/// A thing lying in the world.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) prefab: u32,
    pub(crate) position: [f64; 3],
    pub(crate) rotation: [f64; 3],
}

impl Entity {
    /// `{Identifier, Name}`.
    pub(crate) fn reference(&self) -> Node {
        Node::object([
            ("Identifier", self.id.into()),
            ("Name", self.name.as_str().into()),
        ])
    }
}

/// A prefab: a kind of thing that can be spawned, held and traded.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The display name, as in `InventoryChanged`.
    pub(crate) name: Arc<str>,
    pub(crate) hash: u32,
}

/// A few prefabs; hashes that samples show are theirs, the others are invented.
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
    /// The prefabs that there are from the start.
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

fn squeeze(name: &str) -> String {
    name.chars()
        .filter(|letter| !letter.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

impl World {
    /// The prefab of that hash, or of that name without regard to case and spaces.
    pub(crate) fn prefab(&self, text: &str) -> Option<Item> {
        let wanted = squeeze(text);
        let is_it = |item: &&Item| squeeze(&item.name) == wanted || item.hash.to_string() == wanted;
        self.prefabs.iter().find(is_it).cloned()
    }

    /// Puts a new thing into a server's world.
    pub(crate) fn spawn(&mut self, server: u64, item: &Item, position: [f64; 3]) -> Option<Entity> {
        let server = self.servers.get_mut(&server)?;
        let id = server.entity_id();
        let name = format!("{}(Clone)", item.name);
        let entity = Entity {
            id,
            name,
            prefab: item.hash,
            position,
            rotation: [0.0; 3],
        };
        server.entities.insert(id, entity.clone());
        Some(entity)
    }
}
