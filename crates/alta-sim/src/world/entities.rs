use alta_cloud::wire::json::Node;
use std::sync::Arc;

/// A thing in the game.
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
