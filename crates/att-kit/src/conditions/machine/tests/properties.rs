//! Properties of the machine for all sequences of inputs.

use super::{SECOND, TIMING, Watch, at, body, well};
use crate::conditions::machine::{Input, Timing};
use crate::conditions::zone::Zone;
use att_console::Missed;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// A step of a server whose snapshots can lack players and positions.
#[derive(Clone, Debug)]
enum Step {
    Join(i64),
    Leave(i64),
    /// True if each player is inside; `None` if the position is missing.
    Snapshot(Vec<Option<bool>>),
    Lag,
    Gap,
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let inside = proptest::option::weighted(0.8, prop::bool::weighted(0.7));
    prop_oneof![
        1 => (0..3_i64).prop_map(Step::Join),
        1 => (0..3_i64).prop_map(Step::Leave),
        8 => proptest::collection::vec(inside, 0..=3).prop_map(Step::Snapshot),
        1 => Just(Step::Lag),
        1 => Just(Step::Gap),
        1 => Just(Step::Tick),
    ]
}

/// The expected state of a player.
#[derive(Default)]
struct Seen {
    is_inside: bool,
    /// True after a gap.
    is_unconfirmed: bool,
    /// Since when every known value was true.
    true_since: Option<Instant>,
    last_entry: Option<Instant>,
}

proptest! {
    /// For all missing values and all times: the entries and ends of a player alternate, each has a known value as its cause, and
    /// follows the hold time and the cool-down; and each due entry and each due end is yielded.
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
            // The known values of this step, by player.
            let mut values = BTreeMap::new();
            let outputs = match &step {
                Step::Join(id) if online.insert(*id) => watch.joined(*id),
                Step::Leave(id) if online.remove(id) => {
                    values.insert(*id, false);
                    watch.left(*id)
                }
                Step::Snapshot(inside) => {
                    let bodies = inside.iter().zip(0..).map(|(inside, id)| {
                        body(id, inside.map(|is_inside| if is_inside { 0.5 } else { 3.0 }), None)
                    });
                    let bodies: Vec<_> = bodies.collect();
                    let known = inside.iter().zip(0..).filter_map(|(inside, id)| Some((id, (*inside)?)));
                    values.extend(known.filter(|(id, _)| online.contains(id)));
                    watch.snapshot(&bodies)
                }
                Step::Lag => watch.give(Input::Missed(Missed::Lagged(1))),
                Step::Gap => {
                    for player in seen.values_mut() {
                        player.is_unconfirmed = player.is_inside;
                    }
                    watch.gap()
                }
                _ => watch.give(Input::Tick(at())),
            };
            let mut outputs: Vec<_> = outputs.into_iter().filter(|output| output != "missed").collect();
            for (id, is_true) in values {
                let player = seen.entry(id).or_default();
                let was_inside = player.is_inside;
                let was_unconfirmed = std::mem::take(&mut player.is_unconfirmed);
                if is_true {
                    let since = *player.true_since.get_or_insert(now);
                    if was_unconfirmed {
                        let position = outputs.iter().position(|output| *output == format!("*{id}"));
                        let is_cool = player.last_entry.is_none_or(|last| now - last >= cooldown);
                        prop_assert_eq!(position.is_some(), is_cool, "{} is inside already", id);
                        if let Some(position) = position {
                            outputs.remove(position);
                            player.last_entry = Some(now);
                        }
                    }
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

    /// A condition of events: the clock ends the hold time, for all times of ticks, and never wakes the task without a transition.
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
