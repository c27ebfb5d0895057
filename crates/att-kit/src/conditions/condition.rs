use super::known::{Known, Needs};
use super::zone::{Zone, is_within};
use crate::panics::catch_panic_in;
use crate::players::Player;
use alta_model::console::event::PlayerState;
use alta_model::console::result::{Inventory, Item, PlayerDetailed};
use alta_model::{PrefabHash, Vector3, escaped};
use std::sync::Arc;
use tracing::warn;

/// A predicate about one player: true, false or unknown. An unknown value changes nothing.
///
/// It knows which data it needs. States come with events, without any request. Chunks do too, after one request for players whose
/// chunk no event has told. Positions and items are requested at the interval of [`When::every`](super::When::every).
///
/// ```
/// use att_kit::conditions::{Condition, Zone};
///
/// let ritual = Condition::all([
///     Zone::sphere([10.0, 120.0, -4.0], 6.0).into(),
///     Condition::holds("Torch"),
///     Condition::hand_within_of_head(0.2),
/// ]);
/// let raises_both_hands = Condition::details(|player| {
///     let head = player.head_position?.y;
///     Some(player.left_hand_position?.y > head && player.right_hand_position?.y > head)
/// });
/// ```
#[derive(Clone)]
pub struct Condition {
    test: Test,
    needs: Needs,
}

type Closure<T> = Arc<dyn Fn(&T) -> Option<bool> + Send + Sync>;

#[derive(Clone)]
enum Test {
    Zone(Zone),
    HandWithin(f64, Point),
    Holds(HeldItem),
    State(PlayerState),
    All(Arc<[Condition]>),
    Not(Arc<Condition>),
    Player(Closure<Player>),
    Details(Closure<PlayerDetailed>),
    Inventory(Closure<Inventory>),
}

#[derive(Clone, Copy)]
enum Point {
    At(Vector3),
    Head,
}

const EVENTS: Needs = Needs {
    chunk: false,
    details: false,
    inventories: false,
};

const DETAILS: Needs = Needs {
    details: true,
    ..EVENTS
};

const INVENTORIES: Needs = Needs {
    inventories: true,
    ..EVENTS
};

impl Condition {
    /// A hand is at most this distance from a point, in meters.
    pub fn hand_within(distance: f64, point: impl Into<Vector3>) -> Self {
        Self::new(Test::HandWithin(distance, Point::At(point.into())), DETAILS)
    }

    /// A hand is at most this distance from the player's own head, in meters.
    pub fn hand_within_of_head(distance: f64) -> Self {
        Self::new(Test::HandWithin(distance, Point::Head), DETAILS)
    }

    /// One of the hands holds this item: a name, with or without `(Clone)` and in any case, or a
    /// [prefab hash](alta_model::PrefabHash).
    pub fn holds(item: impl Into<HeldItem>) -> Self {
        Self::new(Test::Holds(item.into()), INVENTORIES)
    }

    /// The player has entered this state and not left it, as far as events have shown: no command returns the state. A player who
    /// entered a state before the console connected does not count as in it.
    pub fn state(state: PlayerState) -> Self {
        Self::new(Test::State(state), EVENTS)
    }

    /// All of these are true. It is false if one of them is false, even if others are unknown.
    pub fn all<C: Into<Self>>(conditions: impl IntoIterator<Item = C>) -> Self {
        let all: Arc<[Self]> = conditions.into_iter().map(Into::into).collect();
        let needs = all
            .iter()
            .fold(EVENTS, |needs, condition| needs.or(condition.needs));
        Self::new(Test::All(all), needs)
    }

    /// At least one of these is true. It is true if one of them is true, even if others are unknown.
    pub fn any<C: Into<Self>>(conditions: impl IntoIterator<Item = C>) -> Self {
        let none = conditions.into_iter().map(|condition| !condition.into());
        !Self::all(none)
    }

    /// A function of the data of events: the name, the states, and the chunk if it is known. It returns a bool, or `None` for unknown.
    ///
    /// It is called often and by the task that watches all players, so it has to be fast. A panic counts as unknown.
    pub fn player<R: Into<Option<bool>>>(
        function: impl Fn(&Player) -> R + Send + Sync + 'static,
    ) -> Self {
        let function: Closure<Player> = Arc::new(move |player| function(player).into());
        Self::new(Test::Player(function), EVENTS)
    }

    /// A function of positions and directions, called as in [`player`](Self::player). Use `?` on each value: then what the
    /// server did not send is unknown.
    pub fn details<R: Into<Option<bool>>>(
        function: impl Fn(&PlayerDetailed) -> R + Send + Sync + 'static,
    ) -> Self {
        let function: Closure<PlayerDetailed> = Arc::new(move |player| function(player).into());
        Self::new(Test::Details(function), DETAILS)
    }

    /// A function of the items, called as in [`player`](Self::player).
    pub fn inventory<R: Into<Option<bool>>>(
        function: impl Fn(&Inventory) -> R + Send + Sync + 'static,
    ) -> Self {
        let function: Closure<Inventory> = Arc::new(move |items| function(items).into());
        Self::new(Test::Inventory(function), INVENTORIES)
    }

    fn new(test: Test, needs: Needs) -> Self {
        Self { test, needs }
    }

    pub(super) fn needs(&self) -> Needs {
        self.needs
    }

    /// Returns whether it is true of a player; `None` if that is unknown. While it `was` true, distances are longer by the
    /// margin.
    pub(super) fn evaluate(&self, known: Known<'_>, was: bool, margin: f64) -> Option<bool> {
        let slack = if was { margin } else { 0.0 };
        match &self.test {
            Test::Zone(zone) if zone.is_of_chunks() => {
                zone.contains_chunk(known.player.chunk.as_deref()?)
            }
            Test::Zone(zone) => {
                let position = known.details?.position?;
                zone.contains_position(position, slack)
            }
            Test::HandWithin(distance, point) => {
                hand_within(known.details?, distance + slack, *point)
            }
            Test::Holds(item) => item.is_held(known.inventory?),
            Test::State(state) => Some(known.player.states.contains(state)),
            Test::All(all) => all_of(all.iter().map(|one| one.evaluate(known, was, margin))),
            Test::Not(condition) => condition
                .evaluate(known, !was, margin)
                .map(|is_true| !is_true),
            Test::Player(function) => call(function, known.player),
            Test::Details(function) => call(function, known.details?),
            Test::Inventory(function) => call(function, known.inventory?),
        }
    }
}

impl std::ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        let needs = self.needs;
        Self::new(Test::Not(Arc::new(self)), needs)
    }
}

impl From<Zone> for Condition {
    fn from(zone: Zone) -> Self {
        let chunk = zone.is_of_chunks();
        let needs = if chunk {
            Needs { chunk, ..EVENTS }
        } else {
            DETAILS
        };
        Self::new(Test::Zone(zone), needs)
    }
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Condition")
            .field("needs", &self.needs)
            .finish_non_exhaustive()
    }
}

/// False if one is false, else unknown if one is unknown.
fn all_of(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
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

fn hand_within(player: &PlayerDetailed, distance: f64, point: Point) -> Option<bool> {
    let point = match point {
        Point::At(point) => point,
        Point::Head => player.head_position?,
    };
    let is_away = |hand: Option<Vector3>| Some(!is_within(hand?, point, distance)?);
    let hands = [player.left_hand_position, player.right_hand_position];
    Some(!all_of(hands.into_iter().map(is_away))?)
}

fn call<T>(function: &Closure<T>, known: &T) -> Option<bool> {
    let called = catch_panic_in(|| function(known));
    let called = called.inspect_err(
        |panic| warn!(panic = %escaped(panic), "a function of a condition has panicked"),
    );
    called.ok().flatten()
}

/// An item for [`Condition::holds`]: made from a name or a prefab hash.
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
    fn is_held(&self, items: &Inventory) -> Option<bool> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use alta_model::{Timestamp, User, UserId};
    use serde_json::{Value, json};

    fn player() -> Player {
        let user = User::new(UserId::new(1), "O'Neil");
        Player::new(user, Timestamp::from_unix_seconds(1_800_000_000).unwrap())
    }

    fn evaluate(condition: &Condition, details: Value, inventory: Value) -> Option<bool> {
        let details: Option<PlayerDetailed> = serde_json::from_value(details).unwrap();
        let inventory: Option<Inventory> = serde_json::from_value(inventory).unwrap();
        let known = Known {
            player: &player(),
            details: details.as_ref(),
            inventory: inventory.as_ref(),
        };
        condition.evaluate(known, false, 0.0)
    }

    #[test]
    fn hands_hold_an_item_by_name_or_prefab() {
        let torch = json!({"Name": "Torch(Clone)", "PrefabHash": 31_502});
        let sword = json!({"Name": "Short Sword(Clone)", "PrefabHash": 7});
        let nameless = json!({"Identifier": 5});
        for (left, right, expected) in [
            (&torch, &Value::Null, Some(true)),
            (&Value::Null, &torch, Some(true)),
            (&sword, &torch, Some(true)),
            (&nameless, &torch, Some(true)),
            (&sword, &Value::Null, Some(false)),
            (&Value::Null, &Value::Null, Some(false)),
            // Some item that cannot be recognized.
            (&nameless, &Value::Null, None),
            (&json!("odd"), &sword, None),
        ] {
            let inventory = json!({"LeftHand": left, "RightHand": right, "Belt": [torch]});
            let by_hash = HeldItem::from(PrefabHash::new(31_502));
            for item in ["Torch".into(), " torch(Clone)".into(), by_hash] {
                let found = evaluate(&Condition::holds(item), Value::Null, inventory.clone());
                assert_eq!(found, expected, "{left} {right}");
            }
        }
        let without_hands = evaluate(&Condition::holds("Torch"), Value::Null, json!({}));
        assert_eq!(without_hands, Some(false));
        let without_body = evaluate(&Condition::holds("Torch"), Value::Null, Value::Null);
        assert_eq!(without_body, None);
    }

    #[test]
    fn one_hand_is_enough_and_a_missing_one_is_unknown() {
        let at_point = Condition::hand_within(0.5, [1.0, 0.0, 0.0]);
        let at_head = Condition::hand_within_of_head(0.5);
        let (near, far) = (json!([1.2, 0.0, 0.0]), json!([3.0, 0.0, 0.0]));
        for (left, right, expected) in [
            (&near, &far, Some(true)),
            (&far, &near, Some(true)),
            (&near, &Value::Null, Some(true)),
            (&far, &far, Some(false)),
            (&far, &Value::Null, None),
            (&json!("(NaN, 0, 0)"), &far, None),
        ] {
            let mut details =
                json!({"id": 1, "LeftHandPosition": left, "RightHandPosition": right});
            let found = evaluate(&at_point, details.clone(), Value::Null);
            assert_eq!(found, expected, "{left} {right}");
            assert_eq!(evaluate(&at_head, details.clone(), Value::Null), None);
            details["HeadPosition"] = json!([1.0, 0.0, 0.0]);
            assert_eq!(evaluate(&at_head, details, Value::Null), expected);
        }
    }

    #[test]
    fn what_is_unknown_counts_only_where_it_decides() {
        let values = [Some(true), Some(false), None];
        let of = |value: Option<bool>| Condition::player(move |_| value);
        let found = |condition: Condition| evaluate(&condition, Value::Null, Value::Null);
        for one in values {
            assert_eq!(found(of(one)), one);
            assert_eq!(found(!of(one)), one.map(|value| !value));
            for other in values {
                let has = |value| one == Some(value) || other == Some(value);
                let known = one.is_some() && other.is_some();
                let all = if has(false) {
                    Some(false)
                } else {
                    known.then_some(true)
                };
                let any = if has(true) {
                    Some(true)
                } else {
                    known.then_some(false)
                };
                assert_eq!(found(Condition::all([of(one), of(other)])), all);
                assert_eq!(found(Condition::any([of(one), of(other)])), any);
            }
        }
        assert_eq!(found(Condition::all::<Zone>([])), Some(true));
        assert_eq!(found(Condition::any::<Zone>([])), Some(false));
    }

    #[test]
    fn a_condition_needs_what_its_parts_need() {
        let of_events = [
            Condition::state(PlayerState::Combat),
            Condition::player(|player| player.name() == "O'Neil"),
        ];
        assert_eq!(Condition::all(of_events).needs(), EVENTS);
        let chunk = Condition::any([Zone::caves(), Zone::chunk("Mill")]).needs();
        assert_eq!(
            chunk,
            Needs {
                chunk: true,
                ..EVENTS
            }
        );
        let sphere = Zone::sphere([0.0; 3], 1.0).into();
        let both = !Condition::all([sphere, Condition::holds("Torch")]);
        let expected = Needs {
            chunk: false,
            details: true,
            inventories: true,
        };
        assert_eq!(both.needs(), expected);
        let of_belt = Condition::inventory(|items| items.belt.len() > 3);
        assert_eq!(of_belt.needs(), INVENTORIES);
    }

    #[test]
    fn a_function_that_panics_or_lacks_a_value_makes_it_unknown() {
        let panics = Condition::player(|_| -> bool { panic!("by a test") });
        assert_eq!(evaluate(&panics, Value::Null, Value::Null), None);
        let raises = Condition::details(|player| Some(player.left_hand_position?.y > 1.0));
        let details = |hand: Value| json!({"id": 1, "LeftHandPosition": hand});
        assert_eq!(evaluate(&raises, details(Value::Null), Value::Null), None);
        let up = evaluate(&raises, details(json!([0, 2, 0])), Value::Null);
        assert_eq!(up, Some(true));
    }
}
