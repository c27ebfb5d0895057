use super::entities::Item;
use std::collections::BTreeMap;

/// A place where a player carries an item.
#[derive(Clone, Copy, Debug, serde::Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Slot {
    /// The left hand.
    LeftHand,
    /// The right hand.
    RightHand,
    /// A place on the belt, from 0 to 3.
    Belt(u8),
    /// The back.
    Back,
}

impl Slot {
    /// The places on a belt.
    pub(crate) const BELT: [Self; 4] = [Self::Belt(0), Self::Belt(1), Self::Belt(2), Self::Belt(3)];

    pub(crate) fn exists(self) -> bool {
        !matches!(self, Self::Belt(_)) || Self::BELT.contains(&self)
    }
}

/// The items that a player carries.
pub(crate) type Inventory = BTreeMap<Slot, Item>;
