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
    /// Events alone.
    pub(super) const EVENTS: Self = Self {
        chunk: false,
        details: false,
        inventories: false,
    };

    pub(super) const DETAILS: Self = Self {
        details: true,
        ..Self::EVENTS
    };

    pub(super) const INVENTORIES: Self = Self {
        inventories: true,
        ..Self::EVENTS
    };

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            chunk: self.chunk || other.chunk,
            details: self.details || other.details,
            inventories: self.inventories || other.inventories,
        }
    }

    /// Returns whether only the name and the states of the player count, which no command confirms.
    pub(super) fn is_of_states(self) -> bool {
        self == Self::EVENTS
    }

    /// Returns whether events alone keep the knowledge up to date.
    pub(super) fn is_of_events(self) -> bool {
        !self.details && !self.inventories
    }
}

/// False if one is false, else unknown if one is unknown.
pub(super) fn all_of(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for value in values {
        match value {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}
