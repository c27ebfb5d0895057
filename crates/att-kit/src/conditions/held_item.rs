use super::known::all_of;
use alta_model::PrefabHash;
use alta_model::console::result::{Inventory, Item};

/// An item for [`Condition::holds`](crate::conditions::Condition::holds): made from a name or a prefab hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldItem(Wanted);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Name(String),
    Prefab(PrefabHash),
}

impl From<&str> for HeldItem {
    fn from(name: &str) -> Self {
        Self(Wanted::Name(plain(name).to_lowercase()))
    }
}

impl From<String> for HeldItem {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<PrefabHash> for HeldItem {
    fn from(hash: PrefabHash) -> Self {
        Self(Wanted::Prefab(hash))
    }
}

impl HeldItem {
    /// Returns whether one of the hands holds it. An empty hand does not; an item without a name or a hash is unknown.
    pub(super) fn is_held(&self, items: &Inventory) -> Option<bool> {
        let hands = [
            ("LeftHand", &items.left_hand),
            ("RightHand", &items.right_hand),
        ];
        let is_other = |(field, item): (&str, &Option<Item>)| match item {
            Some(item) => self.is(item).map(|is_it| !is_it),
            // A value that could not be read is some item.
            None => (!items.skipped().has(field)).then_some(true),
        };
        all_of(hands.into_iter().map(is_other)).map(|is_other| !is_other)
    }

    fn is(&self, item: &Item) -> Option<bool> {
        match &self.0 {
            Wanted::Name(_) if item.name.is_empty() => None,
            Wanted::Name(name) => Some(plain(&item.name).to_lowercase() == *name),
            Wanted::Prefab(hash) => item.prefab_hash.map(|held| held == *hash),
        }
    }
}

/// The name of a prefab, of which the item is a clone.
fn plain(name: &str) -> &str {
    let name = name.trim();
    name.strip_suffix("(Clone)").map_or(name, str::trim_end)
}
