use super::change::{ChangeKind, Evidence, PlayerChange};
use super::roster::{Input, LIST_WITH_EVENTS, LIST_WITHOUT_EVENTS, Output, Roster};
use alta_model::{Listing, Timestamp, User, UserId};
use att_console::Missed;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

fn at() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000).unwrap()
}

fn user(id: i64) -> User {
    User::new(UserId::new(id), format!("Player {id}"))
}

fn list(ids: &[i64]) -> Listing<User> {
    ids.iter().copied().map(user).collect()
}

fn outputs(roster: &mut Roster) -> Vec<Output> {
    std::iter::from_fn(|| roster.poll_output()).collect()
}

/// The changes, as the first letter of the kind, the id and the letter of the evidence.
fn changes(outputs: &[Output]) -> Vec<String> {
    let changes = outputs.iter().filter_map(|output| match output {
        Output::Changed(change) => Some(change),
        _ => None,
    });
    changes.map(short).collect()
}

fn short(change: &PlayerChange) -> String {
    let kind = match &change.kind {
        ChangeKind::Found => "found",
        ChangeKind::Joined => "joined",
        ChangeKind::Left => "left",
        ChangeKind::Moved { .. } => "moved",
        ChangeKind::Entered(_) => "entered",
        ChangeKind::Exited(_) => "exited",
        ChangeKind::Renamed { .. } => "renamed",
    };
    let evidence = match change.evidence {
        Evidence::Event => "event",
        Evidence::List => "list",
        _ => "snapshot",
    };
    format!("{} {kind} by {evidence}", change.player.id())
}

/// A roster after its first list.
fn seeded(ids: &[i64]) -> (Roster, Instant) {
    let now = Instant::now();
    let mut roster = Roster::new(now, at());
    roster.handle(Input::Tick, now);
    assert_eq!(outputs(&mut roster), [Output::List]);
    roster.handle(Input::Listed(Some(list(ids)), at()), now);
    outputs(&mut roster);
    assert!(roster.online().is_complete());
    (roster, now)
}

/// Lets a list become due and replies to it.
fn listed(roster: &mut Roster, ids: &[i64]) -> Vec<String> {
    let due = roster.deadline().expect("a list is due at some time");
    roster.handle(Input::Tick, due);
    assert!(outputs(roster).contains(&Output::List));
    roster.handle(Input::Listed(Some(list(ids)), at()), due);
    changes(&outputs(roster))
}

#[test]
fn a_list_that_was_faster_than_the_join_does_not_double_it() {
    let (mut roster, now) = seeded(&[]);
    assert_eq!(listed(&mut roster, &[1]), ["1 joined by list"]);
    let soon = now + LIST_WITHOUT_EVENTS + Duration::from_secs(1);
    roster.handle(Input::Joined(user(1), at()), soon);
    assert_eq!(changes(&outputs(&mut roster)), [""; 0]);
    // The next one is another join: the leave was not sent.
    roster.handle(Input::Joined(user(1), at()), soon);
    let expected = ["1 left by event", "1 joined by event"];
    assert_eq!(changes(&outputs(&mut roster)), expected);
}

#[test]
fn a_refresh_requests_one_list_at_once_but_none_after_a_failure() {
    let (mut roster, now) = seeded(&[]);
    for expected in [vec![Output::List], vec![]] {
        roster.handle(Input::Refreshed, now);
        assert_eq!(outputs(&mut roster), expected);
    }
    roster.handle(Input::Listed(Some(list(&[1])), at()), now);
    assert_eq!(changes(&outputs(&mut roster)), ["1 joined by list"]);
    assert_eq!(roster.deadline(), Some(now + LIST_WITHOUT_EVENTS));
    roster.handle(Input::Refreshed, now);
    roster.handle(Input::Listed(None, at()), now);
    outputs(&mut roster);
    roster.handle(Input::Refreshed, now);
    assert_eq!(outputs(&mut roster), []);
    assert!(roster.deadline() > Some(now));
}

#[test]
fn a_list_does_not_undo_events_that_came_after_its_request() {
    let (mut roster, now) = seeded(&[1]);
    let due = now + LIST_WITHOUT_EVENTS;
    roster.handle(Input::Tick, due);
    roster.handle(Input::Joined(user(2), at()), due);
    roster.handle(Input::Left(user(1), at()), due);
    outputs(&mut roster);
    roster.handle(Input::Listed(Some(list(&[1])), at()), due);
    assert_eq!(changes(&outputs(&mut roster)), [""; 0]);
    assert!(roster.online().by_id(UserId::new(2)).is_some());
    assert!(roster.online().by_id(UserId::new(1)).is_none());
}

#[test]
fn a_failed_or_malformed_list_removes_no_player() {
    let (mut roster, now) = seeded(&[1, 2]);
    let due = now + LIST_WITHOUT_EVENTS;
    roster.handle(Input::Tick, due);
    roster.handle(Input::Listed(None, at()), due);
    assert_eq!(roster.online().len(), 2);
    // It is requested again, with growing pauses.
    let mut pauses = Vec::new();
    let mut before = due;
    for _ in 0..8 {
        let next = roster.deadline().unwrap();
        pauses.push((next - before).as_secs());
        before = next;
        roster.handle(Input::Tick, next);
        roster.handle(Input::Listed(None, at()), next);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    let odd = serde_json::from_str(r#"[{"id": 1, "username": "Player 1"}, {"id": null}]"#);
    let next = roster.deadline().unwrap();
    roster.handle(Input::Tick, next);
    outputs(&mut roster);
    roster.handle(Input::Listed(Some(odd.unwrap()), at()), next);
    assert_eq!(changes(&outputs(&mut roster)), [""; 0]);
    assert_eq!(roster.online().len(), 2);
    assert!(!roster.online().is_complete());
}

#[test]
fn after_a_gap_each_difference_is_one_change() {
    let (mut roster, now) = seeded(&[1, 2]);
    let gap = Missed::Lagged(3);
    roster.handle(Input::Missed(gap.clone()), now);
    assert!(!roster.online().is_complete());
    assert_eq!(outputs(&mut roster), [Output::Missed(gap), Output::List]);
    roster.handle(Input::Listed(Some(list(&[2, 3])), at()), now);
    let expected = ["1 left by list", "3 joined by list"];
    assert_eq!(changes(&outputs(&mut roster)), expected);
    assert!(roster.online().is_complete());
}

#[test]
fn a_gap_ends_the_long_pauses_after_failures() {
    let (mut roster, mut now) = seeded(&[1]);
    for _ in 0..6 {
        now = roster.deadline().unwrap();
        roster.handle(Input::Tick, now);
        roster.handle(Input::Listed(None, at()), now);
    }
    let (since, until) = (at(), at());
    roster.handle(Input::Missed(Missed::Gap { since, until }), now);
    roster.handle(Input::Listed(None, at()), now);
    assert_eq!(roster.deadline(), Some(now + Duration::from_secs(1)));
}

#[test]
fn a_list_that_was_requested_before_a_gap_is_requested_again() {
    let (mut roster, now) = seeded(&[1]);
    let due = now + LIST_WITHOUT_EVENTS;
    roster.handle(Input::Tick, due);
    roster.handle(Input::Missed(Missed::Lagged(1)), due);
    outputs(&mut roster);
    roster.handle(Input::Listed(Some(list(&[])), at()), due);
    assert_eq!(outputs(&mut roster), [Output::List]);
    assert_eq!(roster.online().len(), 1);
}

#[test]
fn an_event_about_an_unknown_player_causes_a_list_and_no_join() {
    let (mut roster, now) = seeded(&[]);
    let moved = Input::Moved {
        player: user(5),
        from: String::new(),
        to: "Cave Layer 1".to_owned(),
        at: at(),
    };
    roster.handle(moved, now);
    assert_eq!(outputs(&mut roster), []);
    assert!(roster.deadline().unwrap() < now + LIST_WITHOUT_EVENTS);
    assert_eq!(listed(&mut roster, &[5]), ["5 joined by list"]);
}

#[test]
fn a_chunk_is_known_from_a_move_until_events_are_missed() {
    let (mut roster, now) = seeded(&[1]);
    let chunk = |roster: &Roster| {
        let player = roster.online().by_id(UserId::new(1)).cloned();
        player.unwrap().chunk.clone()
    };
    let moved = |to: &str| Input::Moved {
        player: user(1),
        from: String::new(),
        to: to.to_owned(),
        at: at(),
    };
    assert_eq!(chunk(&roster), None);
    roster.handle(moved("Mill"), now);
    assert_eq!(chunk(&roster).as_deref(), Some("Mill"));
    roster.handle(moved(" "), now);
    assert_eq!(chunk(&roster), None);
    roster.handle(moved("Mill"), now);
    roster.handle(Input::Missed(Missed::Lagged(1)), now);
    assert_eq!(chunk(&roster), None);
}

#[test]
fn lists_are_rarer_where_the_server_sends_joins() {
    let (mut roster, now) = seeded(&[]);
    assert_eq!(roster.deadline(), Some(now + LIST_WITHOUT_EVENTS));
    roster.handle(Input::Joined(user(1), at()), now);
    listed(&mut roster, &[1]);
    let due = now + LIST_WITHOUT_EVENTS + LIST_WITH_EVENTS;
    assert_eq!(roster.deadline(), Some(due));
}

/// A step of a server whose events and lists can get lost.
#[derive(Clone, Debug)]
enum Step {
    Join {
        id: i64,
        is_sent: bool,
    },
    Leave {
        id: i64,
        is_sent: bool,
    },
    /// A list is taken now and arrives after so many further steps.
    List {
        after: usize,
        fails: bool,
    },
    Miss,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..5_i64, any::<bool>()).prop_map(|(id, is_sent)| Step::Join { id, is_sent }),
        (0..5_i64, any::<bool>()).prop_map(|(id, is_sent)| Step::Leave { id, is_sent }),
        (0..4_usize, any::<bool>()).prop_map(|(after, fails)| Step::List { after, fails }),
        Just(Step::Miss),
    ]
}

proptest! {
    /// With any losses: each stream of changes reports a join and a leave of each player by turns, the snapshot is the
    /// sum of the changes, and a list in quiet times makes both correct.
    #[test]
    fn changes_add_up_to_the_snapshot_and_a_list_in_quiet_times_to_the_truth(
        steps in proptest::collection::vec(step(), 0..60)
    ) {
        let mut now = Instant::now();
        let mut roster = Roster::new(now, at());
        let mut truth = BTreeSet::new();
        let mut sum = BTreeSet::new();
        let mut arriving: Option<(usize, Option<Vec<i64>>)> = None;
        let mut is_requested = false;
        let steps = steps.into_iter().chain((0..12).map(|_| Step::List { after: 0, fails: false }));
        for step in steps {
            now += Duration::from_secs(2);
            match step {
                Step::Join { id, is_sent } => {
                    if truth.insert(id) && is_sent {
                        roster.handle(Input::Joined(user(id), at()), now);
                    }
                }
                Step::Leave { id, is_sent } => {
                    if truth.remove(&id) && is_sent {
                        roster.handle(Input::Left(user(id), at()), now);
                    }
                }
                Step::List { after, fails } if is_requested && arriving.is_none() => {
                    let taken = (!fails).then(|| truth.iter().copied().collect());
                    arriving = Some((after, taken));
                }
                Step::List { .. } => now += LIST_WITH_EVENTS,
                Step::Miss => roster.handle(Input::Missed(Missed::Lagged(1)), now),
            }
            match &mut arriving {
                Some((0, taken)) => {
                    let taken = taken.take().map(|ids| list(&ids));
                    arriving = None;
                    is_requested = false;
                    roster.handle(Input::Listed(taken, at()), now);
                }
                Some((steps, _)) => *steps -= 1,
                None => {}
            }
            roster.handle(Input::Tick, now);
            for output in outputs(&mut roster) {
                match output {
                    Output::List => {
                        prop_assert!(!is_requested, "one list at a time");
                        is_requested = true;
                    }
                    Output::Changed(change) => {
                        let id = change.player.id();
                        match change.kind {
                            ChangeKind::Found | ChangeKind::Joined => prop_assert!(sum.insert(id)),
                            ChangeKind::Left => prop_assert!(sum.remove(&id)),
                            _ => prop_assert!(sum.contains(&id)),
                        }
                    }
                    _ => {}
                }
            }
            let online: Vec<_> = roster.online().iter().map(|player| player.id()).collect();
            prop_assert_eq!(online, sum.iter().copied().collect::<Vec<_>>());
        }
        let truth: Vec<_> = truth.iter().map(|id| UserId::new(*id)).collect();
        prop_assert_eq!(sum.iter().copied().collect::<Vec<_>>(), truth);
        prop_assert!(roster.online().is_complete());
    }
}
