use crate::players::Player;
use alta_model::console::result::{Inventory, PlayerDetailed};

/// The knowledge about one player. An absent value is unknown.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// With the chunk, if that is known.
    pub(super) player: &'a Player,
    pub(super) details: Option<&'a PlayerDetailed>,
    pub(super) inventory: Option<&'a Inventory>,
}

/// The kinds of knowledge that a condition uses, beside events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The chunk: from events, and before the first one from a snapshot.
    pub(super) chunk: bool,
    pub(super) details: bool,
    pub(super) inventories: bool,
}

impl Needs {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            chunk: self.chunk || other.chunk,
            details: self.details || other.details,
            inventories: self.inventories || other.inventories,
        }
    }

    /// Returns whether events alone keep the knowledge up to date.
    pub(super) fn is_of_events(self) -> bool {
        !self.details && !self.inventories
    }
}
