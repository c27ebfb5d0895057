use alta_model::{Timestamp, UserId, Vector3};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most debts of one console. With as many, a teleport of a further player fails before anything is changed.
pub const MAX_DEBTS: usize = 1_000;

/// The largest distance of two positions that count as one home, in meters. Servers store positions with fewer digits.
const SAME_HOME: f64 = 0.5;

/// The relative error of a coordinate on a server, which stores 24 bits of it: more than [`SAME_HOME`] far away.
const ROUNDING: f64 = 1e-6;

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
    /// The time since the change: weeks for a player who does not return.
    pub fn age(&self) -> Duration {
        Timestamp::now().saturating_duration_since(self.since)
    }

    /// Returns whether a home, as the server has it now, is one that the teleport can have left: not a home that was chosen since.
    pub(super) fn explains(&self, home: Option<Vector3>) -> bool {
        is_same(home, Some(self.set_to)) || is_same(home, self.home)
    }
}

fn is_same(one: Option<Vector3>, other: Option<Vector3>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            let rounding = ROUNDING * other.distance(Vector3::ZERO);
            one.distance(other) <= SAME_HOME.max(rounding)
        }
        (None, None) => true,
        _ => false,
    }
}

/// Reads a home as servers write it: the origin means that there is none.
pub(super) fn home_of(position: Vector3) -> Option<Vector3> {
    (position != Vector3::ZERO).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn debt(home: Option<Vector3>, since: Timestamp) -> Debt {
        Debt {
            player: UserId::new(-7),
            home,
            set_to: Vector3::new(0.1, -2e-9, 1e7),
            since,
        }
    }

    #[test]
    fn a_debt_is_read_as_it_was_written() {
        let since = Timestamp::from_unix_seconds(1_800_000_000).unwrap();
        for home in [None, Some(Vector3::new(1.0 / 3.0, 2.0, -0.0))] {
            let debt = debt(home, since);
            let text = serde_json::to_string(&debt).unwrap();
            assert!(text.starts_with(r#"{"player":-7,"home":"#), "{text}");
            assert_eq!(serde_json::from_str::<Debt>(&text).unwrap(), debt);
        }
    }

    #[test]
    fn a_debt_explains_a_home_that_the_server_has_rounded() {
        let debt = Debt {
            set_to: Vector3::new(1e8 + 3.0, 5.0, -2.0),
            ..debt(None, Timestamp::now())
        };
        assert!(debt.explains(Some(Vector3::new(1e8, 5.0, -2.0))));
        assert!(debt.explains(None));
        assert!(!debt.explains(Some(Vector3::new(1e8 - 1_000.0, 5.0, -2.0))));
        let near = Debt {
            set_to: Vector3::new(-690.0, 124.0, 70.0),
            ..debt
        };
        assert!(!near.explains(Some(Vector3::new(-691.0, 124.0, 70.0))));
    }

    #[test]
    fn a_debt_has_an_age() {
        let hour = Duration::from_secs(3_600);
        let now = Timestamp::now();
        let old = debt(None, now.checked_sub(hour).unwrap());
        assert!((hour..2 * hour).contains(&old.age()), "{:?}", old.age());
        let future = debt(None, now.checked_add(hour).unwrap());
        assert_eq!(future.age(), Duration::ZERO);
    }
}
