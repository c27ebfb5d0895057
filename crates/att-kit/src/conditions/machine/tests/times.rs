//! Hold times, cool-downs, ages and margins.

use super::{NONE, SECOND, TIMING, Watch, at, body, player, well};
use crate::conditions::condition::Condition;
use crate::conditions::machine::{Input, Timing};
use crate::conditions::zone::Zone;
use crate::players::{ChangeKind, Evidence, PlayerChange};
use alta_model::console::event::PlayerState;
use att_console::Missed;
use std::sync::Arc;
use std::time::Duration;

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
    // An unknown chunk causes no entry, and no deadline.
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
    // An ignored entry has no end.
    watch.pass(SECOND * 9);
    assert_eq!(watch.moved(1, "Cave Layer 1", "Mill"), NONE);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), ["+1"]);
}

#[test]
fn a_snapshot_older_than_the_maximum_age_is_not_used() {
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
