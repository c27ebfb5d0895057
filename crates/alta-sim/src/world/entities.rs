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

/// A kind of thing that can be spawned, held and traded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    /// The display name, as in `InventoryChanged`.
    pub(crate) name: &'static str,
    pub(crate) hash: u32,
}

/// A few prefabs; hashes that recordings show are theirs, the others are invented.
pub(crate) const ITEMS: &[Item] = &[
    Item {
        name: "Short Sword Blade",
        hash: 22_888,
    },
    Item {
        name: "SpriggullDrumstick Full Cooked",
        hash: 33_190,
    },
    Item {
        name: "Handle Short Cool",
        hash: 42_230,
    },
    Item {
        name: "Torch",
        hash: 31_502,
    },
    Item {
        name: "Dynamite",
        hash: 20_034,
    },
    Item {
        name: "Apple Full Ripe",
        hash: 17_610,
    },
    Item {
        name: "Pickaxe",
        hash: 40_868,
    },
    Item {
        name: "Rope Clump",
        hash: 61_652,
    },
];

impl Item {
    /// The prefab of that hash, or of that name without regard to case and spaces.
    pub(crate) fn find(text: &str) -> Option<Item> {
        let wanted = squeeze(text);
        ITEMS
            .iter()
            .copied()
            .find(|item| squeeze(item.name) == wanted || item.hash.to_string() == wanted)
    }
}

fn squeeze(name: &str) -> String {
    name.chars()
        .filter(|letter| !letter.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

impl World {
    /// Puts a new thing into a server's world.
    pub(crate) fn spawn(&mut self, server: u64, item: Item, position: [f64; 3]) -> Option<Entity> {
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
