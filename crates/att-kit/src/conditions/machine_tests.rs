use super::condition::Condition;
use super::machine::{Input, Machine, Timing};
use super::transition::{Transition, TransitionKind};
use super::zone::Zone;
use crate::players::{ChangeKind, Evidence, Online, Player, PlayerChange, Snapshot};
use alta_model::console::event::PlayerState;
use alta_model::console::result::PlayerDetailed;
use alta_model::{Timestamp, User, UserId};
use att_console::Missed;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

const TIMING: Timing = Timing {
    hold: Duration::ZERO,
    cooldown: Duration::ZERO,
    exit_margin: 0.0,
    max_age: Duration::from_secs(10),
};

fn at() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000).unwrap()
}

fn player(id: i64) -> Arc<Player> {
    let user = User::new(UserId::new(id), format!("a\"b\\c {id}"));
    Arc::new(Player::new(user, at()))
}

/// A machine with its clock.
struct Watch {
    machine: Machine,
    now: Instant,
}

impl Watch {
    fn new(condition: impl Into<Condition>, timing: Timing) -> Self {
        Self {
            machine: Machine::new(condition.into(), timing),
            now: Instant::now(),
        }
    }

    fn give(&mut self, input: Input) -> Vec<String> {
        self.machine.handle(input, self.now);
        let outputs = std::iter::from_fn(|| self.machine.poll_output());
        outputs
            .map(|output| output.map_or_else(|_| "missed".to_owned(), |it| short(&it)))
            .collect()
    }

    fn change(&mut self, id: i64, kind: ChangeKind, evidence: Evidence) -> Vec<String> {
        self.give(Input::Changed(PlayerChange {
            player: player(id),
            kind,
            evidence,
            at: at(),
        }))
    }

    fn found(&mut self, id: i64) -> Vec<String> {
        self.change(id, ChangeKind::Found, Evidence::List)
    }

    fn joined(&mut self, id: i64) -> Vec<String> {
        self.change(id, ChangeKind::Joined, Evidence::Event)
    }

    fn left(&mut self, id: i64) -> Vec<String> {
        self.change(id, ChangeKind::Left, Evidence::Event)
    }

    fn moved(&mut self, id: i64, from: &str, to: &str) -> Vec<String> {
        let mut player = player(id);
        Arc::make_mut(&mut player).chunk = Some(to.to_owned());
        let (from, to) = (from.to_owned(), to.to_owned());
        self.give(Input::Changed(PlayerChange {
            player,
            kind: ChangeKind::Moved { from, to },
            evidence: Evidence::Event,
            at: at(),
        }))
    }

    /// A snapshot that is requested and received now.
    fn snapshot(&mut self, players: &[PlayerDetailed]) -> Vec<String> {
        self.give(details(players, self.now))
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn tick(&mut self, time: Duration) -> Vec<String> {
        self.pass(time);
        self.give(Input::Tick(at()))
    }
}

/// The id, with a plus for an entry and a minus for its end; a star if it is initial.
fn short(transition: &Transition) -> String {
    let sign = match transition.kind {
        TransitionKind::Entered if transition.is_initial => '*',
        TransitionKind::Entered => '+',
        TransitionKind::Left => '-',
    };
    format!("{sign}{}", transition.player.id())
}

fn details(players: &[PlayerDetailed], sent: Instant) -> Input {
    let players = players.iter().map(|player| (player.id, player.clone()));
    Input::Details(Arc::new(Snapshot::of(players, sent, at())))
}

/// A player so far east of the origin, in this chunk.
fn body(id: i64, x: Option<f64>, chunk: Option<&str>) -> PlayerDetailed {
    let position = x.map(|x| [x, 0.0, 0.0]);
    let chunk = chunk.map(|chunk| format!("7 - {chunk} (Alta.Chunks.CaveChunk)"));
    let fields = serde_json::json!({"id": id, "Position": position, "Chunk": chunk});
    serde_json::from_value(fields).unwrap()
}

fn well() -> Zone {
    Zone::sphere([0.0; 3], 1.0)
}

const NONE: [&str; 0] = [];

#[test]
fn who_is_inside_already_is_told_apart_from_who_comes() {
    let mut watch = Watch::new(Zone::caves(), TIMING);
    assert_eq!(watch.found(1), NONE);
    assert_eq!(watch.found(2), NONE);
    assert_eq!(watch.found(3), NONE);
    assert_eq!(watch.found(5), NONE);
    assert!(watch.machine.needs_details());
    assert_eq!(watch.moved(5, "", "Cave Layer 2"), ["*5"]);
    // The first event tells where the player was before it.
    assert_eq!(watch.moved(1, "Cave Layer 1", "Cave Layer 2"), ["*1"]);
    assert_eq!(watch.moved(2, "Mill", "Cave Layer 2"), ["+2"]);
    assert_eq!(
        watch.snapshot(&[body(3, None, Some("Cave Layer 4"))]),
        ["*3"]
    );
    assert_eq!(watch.joined(4), NONE);
    assert_eq!(
        watch.snapshot(&[body(4, None, Some("Cave Layer 4"))]),
        ["+4"]
    );
    assert!(!watch.machine.needs_details());
}

#[test]
fn a_chunk_that_events_have_told_is_not_requested() {
    let mut watch = Watch::new(Zone::caves(), TIMING);
    let mut known = player(1);
    Arc::make_mut(&mut known).chunk = Some("Cave Layer 1".to_owned());
    let found = watch.give(Input::Changed(PlayerChange {
        player: known,
        kind: ChangeKind::Found,
        evidence: Evidence::List,
        at: at(),
    }));
    assert_eq!(found, ["*1"]);
    assert!(!watch.machine.needs_details());
    // A change of something else does not undo what a snapshot has told.
    watch.joined(2);
    assert_eq!(
        watch.snapshot(&[body(2, None, Some("Cave Layer 4"))]),
        ["+2"]
    );
    let kind = ChangeKind::Entered(PlayerState::Combat);
    assert_eq!(watch.change(2, kind, Evidence::Event), NONE);
    assert!(!watch.machine.needs_details());
}

#[test]
fn the_first_known_value_is_initial_however_late_it_comes() {
    let mut watch = Watch::new(well(), TIMING);
    watch.found(1);
    watch.found(2);
    assert_eq!(watch.snapshot(&[body(1, None, None)]), NONE);
    assert_eq!(watch.snapshot(&[]), NONE);
    let bodies = [body(1, Some(0.5), None), body(2, Some(2.0), None)];
    assert_eq!(watch.snapshot(&bodies), ["*1"]);
    let bodies = [body(1, Some(0.5), None), body(2, Some(0.5), None)];
    assert_eq!(watch.snapshot(&bodies), ["+2"]);
}

#[test]
fn an_unknown_value_changes_nothing() {
    let mut watch = Watch::new(well(), TIMING);
    watch.joined(1);
    assert_eq!(watch.snapshot(&[body(1, Some(0.0), None)]), ["+1"]);
    for unknown in [
        vec![],
        vec![body(1, None, None)],
        vec![body(2, Some(9.0), None)],
    ] {
        assert_eq!(watch.snapshot(&unknown), NONE);
    }
    assert_eq!(watch.snapshot(&[body(1, Some(9.0), None)]), ["-1"]);
    assert_eq!(watch.snapshot(&[body(1, None, None)]), NONE);
}

#[test]
fn a_player_who_leaves_the_server_leaves_the_zone() {
    let mut watch = Watch::new(Zone::caves(), TIMING);
    watch.joined(1);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 2"), ["+1"]);
    assert_eq!(watch.left(1), ["-1"]);
    assert_eq!(watch.left(1), NONE);
    watch.joined(1);
    assert_eq!(watch.moved(1, "Mill", "Chunk 1-1"), NONE);
    assert_eq!(watch.left(1), NONE);
}

#[test]
fn after_a_gap_a_newer_snapshot_is_compared() {
    let mut watch = Watch::new(Zone::caves(), TIMING);
    for id in 1..=3 {
        watch.joined(id);
    }
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 2"), ["+1"]);
    assert_eq!(watch.moved(2, "Mill", "Cave Layer 2"), ["+2"]);
    assert_eq!(watch.moved(3, "Cave Layer 1", "Mill"), ["+3", "-3"]);
    let before = watch.now;
    watch.pass(SECOND);
    assert_eq!(watch.give(Input::Missed(Missed::Lagged(1))), ["missed"]);
    assert!(watch.machine.needs_details());
    let everyone = |chunks: [&str; 3]| {
        let chunks = chunks.into_iter().zip(1..);
        let bodies = chunks.map(|(chunk, id)| body(id, None, Some(chunk)));
        bodies.collect::<Vec<_>>()
    };
    let old = everyone(["Mill", "Mill", "Cave Layer 9"]);
    assert_eq!(watch.give(details(&old, before)), NONE);
    let new = everyone(["Cave Layer 2", "Mill", "Cave Layer 2"]);
    assert_eq!(watch.snapshot(&new), ["-2", "+3"]);
    assert!(!watch.machine.needs_details());
}

#[test]
fn after_a_lag_the_players_are_compared() {
    let mut watch = Watch::new(Condition::state(PlayerState::Combat), TIMING);
    watch.joined(1);
    let online = |fighters: &[i64]| {
        let fighters = fighters.iter().map(|id| {
            let mut fighter = (*player(*id)).clone();
            fighter.states = vec![PlayerState::Combat];
            (UserId::new(*id), Arc::new(fighter))
        });
        Input::Online(Arc::new(Online {
            players: fighters.collect(),
            is_complete: true,
            as_of: at(),
        }))
    };
    assert_eq!(watch.give(online(&[1, 2])), ["+1", "+2"]);
    assert_eq!(watch.give(online(&[2])), ["-1"]);
    assert_eq!(watch.give(online(&[2])), NONE);
}

#[test]
fn an_event_is_not_undone_by_a_snapshot_that_is_older_than_it() {
    let mut watch = Watch::new(Zone::caves(), TIMING);
    watch.joined(1);
    let before = watch.now;
    watch.pass(SECOND);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), ["+1"]);
    let old = [body(1, None, Some("Mill"))];
    assert_eq!(watch.give(details(&old, before)), NONE);
}

#[test]
fn the_clock_ends_the_hold_time_of_a_condition_of_events() {
    let timing = Timing {
        hold: SECOND * 5,
        ..TIMING
    };
    let mut watch = Watch::new(Zone::caves(), timing);
    watch.found(1);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), NONE);
    assert_eq!(watch.machine.deadline(), Some(watch.now + SECOND * 5));
    assert_eq!(watch.tick(SECOND * 4), NONE);
    assert_eq!(watch.moved(1, "Cave Layer 1", "Cave Layer 2"), NONE);
    assert_eq!(watch.tick(SECOND), ["+1"]);
    assert_eq!(watch.machine.deadline(), None);
    assert_eq!(watch.moved(1, "Cave Layer 2", "Mill"), ["-1"]);
    // It begins again.
    watch.moved(1, "Mill", "Cave Layer 1");
    watch.pass(SECOND * 4);
    assert_eq!(watch.moved(1, "Cave Layer 1", "Mill"), NONE);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), NONE);
    assert_eq!(watch.tick(SECOND * 4), NONE);
    // An unknown chunk is no reason to enter, and no reason to wake up.
    watch.give(Input::Missed(Missed::Lagged(1)));
    assert_eq!(watch.tick(SECOND), NONE);
    assert_eq!(watch.machine.deadline(), None);
    assert_eq!(
        watch.snapshot(&[body(1, None, Some("Cave Layer 1"))]),
        ["+1"]
    );
}

#[test]
fn a_snapshot_ends_the_hold_time_of_a_condition_of_snapshots() {
    let timing = Timing {
        hold: SECOND,
        ..TIMING
    };
    let mut watch = Watch::new(well(), timing);
    watch.joined(1);
    assert_eq!(watch.snapshot(&[body(1, Some(0.0), None)]), NONE);
    assert_eq!(watch.machine.deadline(), None);
    assert_eq!(watch.tick(SECOND * 2), NONE);
    assert_eq!(watch.snapshot(&[body(1, Some(0.0), None)]), ["+1"]);
}

#[test]
fn the_cooldown_outlasts_a_visit_to_another_server() {
    let timing = Timing {
        cooldown: SECOND * 10,
        ..TIMING
    };
    let mut watch = Watch::new(Zone::caves(), timing);
    watch.joined(1);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), ["+1"]);
    assert_eq!(watch.left(1), ["-1"]);
    watch.pass(SECOND * 9);
    watch.joined(1);
    watch.joined(2);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), NONE);
    assert_eq!(watch.moved(2, "Mill", "Cave Layer 1"), ["+2"]);
    // An entry that was not told has no end.
    watch.pass(SECOND * 9);
    assert_eq!(watch.moved(1, "Cave Layer 1", "Mill"), NONE);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), ["+1"]);
}

#[test]
fn an_outdated_snapshot_says_nothing() {
    let condition = Condition::all([well().into(), Condition::state(PlayerState::Combat)]);
    let mut watch = Watch::new(condition, TIMING);
    watch.joined(1);
    watch.snapshot(&[body(1, Some(0.0), None)]);
    let fight = |watch: &mut Watch| {
        let mut fighter = (*player(1)).clone();
        fighter.states = vec![PlayerState::Combat];
        watch.give(Input::Changed(PlayerChange {
            player: Arc::new(fighter),
            kind: ChangeKind::Entered(PlayerState::Combat),
            evidence: Evidence::Event,
            at: at(),
        }))
    };
    watch.pass(SECOND * 11);
    assert_eq!(fight(&mut watch), NONE);
    watch.snapshot(&[]);
    watch.snapshot(&[body(1, Some(9.0), None)]);
    watch.snapshot(&[body(1, Some(0.0), None)]);
    assert_eq!(watch.left(1), ["-1"]);
    watch.joined(1);
    watch.snapshot(&[body(1, Some(0.0), None)]);
    watch.pass(SECOND * 9);
    assert_eq!(fight(&mut watch), ["+1"]);
}

#[test]
fn a_margin_keeps_a_player_at_the_border_inside() {
    let timing = Timing {
        exit_margin: 0.5,
        ..TIMING
    };
    let path = [1.2, 0.9, 1.2, 1.4, 0.9, 1.6, 1.2, 1.0];
    let walk = |condition: Condition| {
        let mut watch = Watch::new(condition, timing);
        watch.joined(1);
        let steps = path.iter();
        steps
            .flat_map(|x| watch.snapshot(&[body(1, Some(*x), None)]))
            .collect::<Vec<_>>()
    };
    assert_eq!(walk(well().into()), ["+1", "-1", "+1"]);
    // Outside of the outside, the margin keeps the player inside, too.
    assert_eq!(walk(!Condition::from(well())), ["+1", "-1"]);
}

#[test]
fn two_hundred_players_enter_by_one_snapshot() {
    let mut watch = Watch::new(well(), TIMING);
    for id in 0..200 {
        watch.found(id);
    }
    let bodies: Vec<_> = (0..200).map(|id| body(id, Some(0.0), None)).collect();
    let expected: Vec<_> = (0..200).map(|id| format!("*{id}")).collect();
    assert_eq!(watch.snapshot(&bodies), expected);
    assert_eq!(watch.snapshot(&bodies), NONE);
}

#[test]
fn any_duration_is_accepted() {
    let timing = Timing {
        hold: Duration::ZERO,
        cooldown: Duration::MAX,
        exit_margin: 0.0,
        max_age: Duration::MAX,
    };
    let mut watch = Watch::new(Zone::caves(), timing);
    watch.joined(1);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), ["+1"]);
    let timing = Timing {
        hold: Duration::MAX,
        ..timing
    };
    let mut watch = Watch::new(Zone::caves(), timing);
    watch.joined(1);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), NONE);
}

/// A step of a server whose snapshots can lack players and positions.
#[derive(Clone, Debug)]
enum Step {
    Join(i64),
    Leave(i64),
    /// True if each player is inside; `None` if the position is missing.
    Snapshot(Vec<Option<bool>>),
    Miss,
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let inside = proptest::option::weighted(0.8, prop::bool::weighted(0.7));
    prop_oneof![
        1 => (0..3_i64).prop_map(Step::Join),
        1 => (0..3_i64).prop_map(Step::Leave),
        8 => proptest::collection::vec(inside, 0..=3).prop_map(Step::Snapshot),
        1 => Just(Step::Miss),
        1 => Just(Step::Tick),
    ]
}

/// A player, as a bystander sees them.
#[derive(Default)]
struct Seen {
    is_inside: bool,
    /// Since when every known value was true.
    true_since: Option<Instant>,
    last_entry: Option<Instant>,
}

proptest! {
    /// Whatever is missing, and whatever the times are: the entries and ends of a player alternate, only a known value makes one,
    /// and the hold time and the cool-down are honored, also in the other direction: nothing that has to be told is left out.
    #[test]
    fn transitions_alternate_and_keep_the_times(
        hold in 0..5_u64,
        cooldown in 0..20_u64,
        steps in proptest::collection::vec((1..4_u64, step()), 0..80),
    ) {
        let (hold, cooldown) = (SECOND * u32::try_from(hold).unwrap(), SECOND * u32::try_from(cooldown).unwrap());
        let mut watch = Watch::new(well(), Timing { hold, cooldown, ..TIMING });
        let mut online = BTreeSet::new();
        let mut seen = BTreeMap::<i64, Seen>::new();
        for (pause, step) in steps {
            watch.pass(SECOND * u32::try_from(pause).unwrap());
            let now = watch.now;
            // The players about whom this step tells something, and what.
            let mut told = BTreeMap::new();
            let outputs = match &step {
                Step::Join(id) if online.insert(*id) => watch.joined(*id),
                Step::Leave(id) if online.remove(id) => {
                    told.insert(*id, false);
                    watch.left(*id)
                }
                Step::Snapshot(inside) => {
                    let bodies = inside.iter().zip(0..).map(|(inside, id)| {
                        body(id, inside.map(|is_inside| if is_inside { 0.5 } else { 3.0 }), None)
                    });
                    let bodies: Vec<_> = bodies.collect();
                    let known = inside.iter().zip(0..).filter_map(|(inside, id)| Some((id, (*inside)?)));
                    told.extend(known.filter(|(id, _)| online.contains(id)));
                    watch.snapshot(&bodies)
                }
                Step::Miss => watch.give(Input::Missed(Missed::Lagged(1))),
                _ => watch.give(Input::Tick(at())),
            };
            let mut outputs: Vec<_> = outputs.into_iter().filter(|output| output != "missed").collect();
            for (id, is_true) in told {
                let player = seen.entry(id).or_default();
                let was_inside = player.is_inside;
                if is_true {
                    let since = *player.true_since.get_or_insert(now);
                    // The entry is at the first known value after the hold time, if no cool-down is running then; once a stay.
                    let position = outputs.iter().position(|output| *output == format!("+{id}"));
                    if let Some(position) = position {
                        outputs.remove(position);
                        prop_assert!(!was_inside, "{id} enters twice");
                        prop_assert!(now - since >= hold, "{id} enters too early");
                        let is_cool = player.last_entry.is_none_or(|last| now - last >= cooldown);
                        prop_assert!(is_cool, "{id} enters within the cool-down");
                        player.is_inside = true;
                        player.last_entry = Some(now);
                    } else if !was_inside && now - since >= hold {
                        let is_hot = player.last_entry.is_some_and(|last| since + hold < last + cooldown);
                        prop_assert!(is_hot, "{id} has to enter");
                    }
                } else {
                    player.true_since = None;
                    player.is_inside = false;
                    let position = outputs.iter().position(|output| *output == format!("-{id}"));
                    prop_assert_eq!(position.is_some(), was_inside, "{} leaves once", id);
                    position.map(|position| outputs.remove(position));
                }
            }
            prop_assert_eq!(outputs, Vec::<String>::new(), "not by {:?}", step);
            prop_assert!(watch.machine.deadline().is_none());
        }
    }

    /// A condition of events: the clock ends the hold time at its end, whenever ticks come, and never wakes the task in vain.
    #[test]
    fn the_clock_keeps_the_hold_time(
        hold in 1..5_u64,
        moves in proptest::collection::vec((0..4_u64, any::<bool>()), 0..60),
    ) {
        let hold = SECOND * u32::try_from(hold).unwrap();
        let mut watch = Watch::new(Zone::caves(), Timing { hold, ..TIMING });
        watch.joined(1);
        let mut chunk = "Mill";
        let (mut since, mut is_inside) = (None, false);
        for (pause, is_cave) in moves {
            let until = watch.now + SECOND * u32::try_from(pause).unwrap();
            if let Some(deadline) = watch.machine.deadline().filter(|deadline| *deadline <= until) {
                prop_assert_eq!(Some(deadline), since.map(|since| since + hold));
                watch.now = deadline;
                prop_assert_eq!(watch.give(Input::Tick(at())), ["+1"]);
                is_inside = true;
                prop_assert_eq!(watch.machine.deadline(), None);
            }
            watch.now = until;
            let to = if is_cave { "Cave Layer 1" } else { "Mill" };
            let expected: &[&str] = if is_inside && !is_cave { &["-1"] } else { &[] };
            prop_assert_eq!(watch.moved(1, std::mem::replace(&mut chunk, to), to), expected);
            is_inside &= is_cave;
            since = if is_cave { since.or(Some(until)) } else { None };
        }
    }
}
