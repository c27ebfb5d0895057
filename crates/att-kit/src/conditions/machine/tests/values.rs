//! Known and unknown values, gaps, and players who are inside at the start.

use super::{NONE, SECOND, TIMING, Watch, at, body, details, player, well};
use crate::conditions::condition::Condition;
use crate::conditions::machine::{Input, Timing};
use crate::conditions::zone::Zone;
use crate::players::{ChangeKind, Evidence, Online, PlayerChange};
use alta_model::UserId;
use alta_model::console::event::PlayerState;
use att_console::Missed;
use std::sync::Arc;

#[test]
fn players_inside_at_the_start_are_told_apart_from_those_who_enter() {
    let mut watch = Watch::new(Zone::caves(), TIMING);
    assert_eq!(watch.found(1), NONE);
    assert_eq!(watch.found(2), NONE);
    assert_eq!(watch.found(3), NONE);
    assert_eq!(watch.found(5), NONE);
    assert!(watch.machine.needs_details());
    assert_eq!(watch.moved(5, "", "Cave Layer 2"), ["*5"]);
    // The first event has the chunk of the player before it.
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
fn a_chunk_that_an_event_has_reported_is_not_requested() {
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
    // Another change keeps the chunk of a snapshot.
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
fn a_player_who_is_still_inside_after_a_gap_is_inside_already() {
    let mut watch = Watch::new(Zone::caves(), TIMING);
    for id in 1..=3 {
        watch.joined(id);
        watch.moved(id, "Mill", "Cave Layer 2");
    }
    watch.pass(SECOND);
    assert_eq!(watch.gap(), ["missed"]);
    assert_eq!(watch.give(Input::Tick(at())), NONE);
    let inside = |id| body(id, None, Some("Cave Layer 2"));
    let bodies = [inside(1), body(2, None, Some("Mill")), body(3, None, None)];
    assert_eq!(watch.snapshot(&bodies), ["*1", "-2"]);
    assert_eq!(watch.snapshot(&[inside(1)]), NONE);
    // The first known value counts, however late it is.
    assert_eq!(watch.moved(3, "Cave Layer 2", "Cave Layer 3"), ["*3"]);
    assert_eq!(watch.moved(1, "Cave Layer 2", "Mill"), ["-1"]);
}

#[test]
fn a_gap_repeats_no_entry_within_the_cooldown_and_none_of_a_state() {
    let timing = Timing {
        cooldown: SECOND * 10,
        ..TIMING
    };
    let mut watch = Watch::new(well(), timing);
    watch.joined(1);
    let inside = [body(1, Some(0.0), None)];
    assert_eq!(watch.snapshot(&inside), ["+1"]);
    watch.pass(SECOND * 9);
    watch.gap();
    assert_eq!(watch.snapshot(&inside), NONE);
    watch.pass(SECOND);
    assert_eq!(watch.snapshot(&inside), NONE, "the gap is over");
    watch.gap();
    assert_eq!(watch.snapshot(&inside), ["*1"]);
    watch.pass(SECOND * 9);
    watch.gap();
    assert_eq!(watch.snapshot(&inside), NONE, "the cool-down began again");
    assert_eq!(watch.left(1), ["-1"]);

    let mut watch = Watch::new(Condition::player(|_| true), TIMING);
    assert_eq!(watch.joined(1), ["+1"]);
    watch.gap();
    let kind = ChangeKind::Entered(PlayerState::Combat);
    assert_eq!(watch.change(1, kind, Evidence::Event), NONE);
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
            listed_at: None,
        }))
    };
    assert_eq!(watch.give(online(&[1, 2])), ["+1", "+2"]);
    assert_eq!(watch.give(online(&[2])), ["-1"]);
    assert_eq!(watch.give(online(&[2])), NONE);
}

#[test]
fn a_snapshot_that_is_older_than_an_event_does_not_undo_it() {
    let mut watch = Watch::new(Zone::caves(), TIMING);
    watch.joined(1);
    let before = watch.now;
    watch.pass(SECOND);
    assert_eq!(watch.moved(1, "Mill", "Cave Layer 1"), ["+1"]);
    let old = [body(1, None, Some("Mill"))];
    assert_eq!(watch.give(details(&old, before)), NONE);
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
