use super::held_item::HeldItem;
use super::known::{Known, Needs, all_of};
use super::zone::{Zone, is_within};
use crate::panics::catch_panic_in;
use crate::players::Player;
use alta_model::console::event::PlayerState;
use alta_model::console::result::{Inventory, PlayerDetailed};
use alta_model::{Vector3, escaped};
use std::sync::Arc;
use tracing::warn;

/// A predicate about one player: true, false or unknown. An unknown value changes nothing.
///
/// It knows which data it needs. States come with events, without any request. Chunks do too, after one request for players whose
/// chunk no event has reported. Positions and items are requested at the interval of [`When::every`](super::When::every).
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

impl Condition {
    /// A hand is at most this distance from a point, in meters.
    pub fn hand_within(distance: f64, point: impl Into<Vector3>) -> Self {
        Self::new(
            Test::HandWithin(distance, Point::At(point.into())),
            Needs::DETAILS,
        )
    }

    /// A hand is at most this distance from the player's own head, in meters.
    pub fn hand_within_of_head(distance: f64) -> Self {
        Self::new(Test::HandWithin(distance, Point::Head), Needs::DETAILS)
    }

    /// One of the hands holds this item: a name, with or without `(Clone)` and in any case, or a
    /// [prefab hash](alta_model::PrefabHash).
    pub fn holds(item: impl Into<HeldItem>) -> Self {
        Self::new(Test::Holds(item.into()), Needs::INVENTORIES)
    }

    /// The player has entered this state and not left it, as far as events have shown: no command returns the state. A player who
    /// entered a state before the console connected does not count as in it.
    pub fn state(state: PlayerState) -> Self {
        Self::new(Test::State(state), Needs::EVENTS)
    }

    /// All of these are true. It is false if one of them is false, even if others are unknown.
    pub fn all<C: Into<Self>>(conditions: impl IntoIterator<Item = C>) -> Self {
        let all: Arc<[Self]> = conditions.into_iter().map(Into::into).collect();
        let needs = all
            .iter()
            .fold(Needs::EVENTS, |needs, condition| needs.or(condition.needs));
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
        Self::new(Test::Player(function), Needs::EVENTS)
    }

    /// A function of positions and directions, called as in [`player`](Self::player). Use `?` on each value: a value that the
    /// server did not send makes the condition unknown.
    pub fn details<R: Into<Option<bool>>>(
        function: impl Fn(&PlayerDetailed) -> R + Send + Sync + 'static,
    ) -> Self {
        let function: Closure<PlayerDetailed> = Arc::new(move |player| function(player).into());
        Self::new(Test::Details(function), Needs::DETAILS)
    }

    /// A function of the items, called as in [`player`](Self::player).
    pub fn inventory<R: Into<Option<bool>>>(
        function: impl Fn(&Inventory) -> R + Send + Sync + 'static,
    ) -> Self {
        let function: Closure<Inventory> = Arc::new(move |items| function(items).into());
        Self::new(Test::Inventory(function), Needs::INVENTORIES)
    }

    fn new(test: Test, needs: Needs) -> Self {
        Self { test, needs }
    }

    pub(super) fn needs(&self) -> Needs {
        self.needs
    }

    /// Returns whether it is true for a player; `None` if that is unknown. While it `was` true, distances are longer by the
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
            Needs {
                chunk,
                ..Needs::EVENTS
            }
        } else {
            Needs::DETAILS
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
