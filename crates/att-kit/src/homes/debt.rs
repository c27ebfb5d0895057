use alta_model::{Timestamp, UserId, Vector3};
use serde::{Deserialize, Serialize};

/// The most debts of one console. With as many, a teleport of a further player fails before anything is changed.
pub const MAX_DEBTS: usize = 1_000;

/// The largest distance of two positions that count as one home, in meters. Servers store positions with fewer digits.
const SAME_HOME: f64 = 0.5;

/// A home that was changed for a teleport, and that is not known to be restored: it may be wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Debt {
    /// The player.
    pub player: UserId,
    /// The home to restore, in meters; `None` if the player had no home.
    pub home: Option<Vector3>,
    /// The position that the home may have now: the one of the teleport.
    pub set_to: Vector3,
    /// The time of the change.
    pub since: Timestamp,
}

impl Debt {
    /// Returns whether a home, as the server has it now, is one that the teleport can have left: not a home that was chosen since.
    pub(super) fn explains(&self, home: Option<Vector3>) -> bool {
        is_same(home, Some(self.set_to)) || is_same(home, self.home)
    }
}

fn is_same(one: Option<Vector3>, other: Option<Vector3>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.distance(other) <= SAME_HOME,
        (None, None) => true,
        _ => false,
    }
}

/// Reads a home as servers write it: the origin means that there is none.
pub(super) fn home_of(position: Vector3) -> Option<Vector3> {
    (position != Vector3::ZERO).then_some(position)
}
