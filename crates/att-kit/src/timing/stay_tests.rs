use super::stay::{Presence, Stay};
use crate::players::{Online, Player};
use alta_model::{Timestamp, User, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000 + second).unwrap()
}

/// A snapshot of players, each with the second of the beginning of the stay.
pub(super) fn online(as_of: i64, players: &[(i64, i64)], is_complete: bool) -> Online {
    let players = players.iter().map(|(id, since)| {
        let user = User::new(UserId::new(*id), "a\"b\\c");
        (user.id, Arc::new(Player::new(user, at(*since))))
    });
    Online {
        players: players.collect::<BTreeMap<_, _>>(),
        is_complete,
        as_of: at(as_of),
        // Requested after each plan of a test.
        listed_at: is_complete.then(|| Instant::now() + Duration::from_secs(3_600)),
    }
}

#[test]
fn a_player_who_leaves_is_gone() {
    let now = Instant::now();
    let mut stay = Stay::new(UserId::new(1), at(10), now);
    assert_eq!(
        stay.look(&online(10, &[(1, 10)], true), now),
        Presence::Here(at(10))
    );
    assert_eq!(
        stay.look(&online(12, &[(2, 11)], true), now),
        Presence::Gone
    );
}

#[test]
fn a_player_who_leaves_and_comes_back_is_another_stay() {
    let now = Instant::now();
    let mut stay = Stay::new(UserId::new(1), at(10), now);
    stay.look(&online(10, &[(1, 5)], true), now);
    assert_eq!(
        stay.look(&online(20, &[(1, 15)], true), now),
        Presence::Gone
    );
}

#[test]
fn an_older_snapshot_is_no_leave() {
    let now = Instant::now();
    let mut stay = Stay::new(UserId::new(1), at(10), now);
    // The stay before, then nobody, then the stay that the plan is about.
    assert_eq!(
        stay.look(&online(3, &[(1, 2)], true), now),
        Presence::Here(at(2))
    );
    let between = stay.look(&online(7, &[], true), now);
    assert!(matches!(between, Presence::UnknownUntil(_)), "{between:?}");
    assert_eq!(
        stay.look(&online(10, &[(1, 10)], true), now),
        Presence::Here(at(10))
    );
    assert_eq!(stay.look(&online(11, &[], true), now), Presence::Gone);
}

#[test]
fn a_player_whom_no_snapshot_shows_is_gone_after_the_latency() {
    let now = Instant::now();
    let mut stay = Stay::new(UserId::new(1), at(10), now);
    let Presence::UnknownUntil(known) = stay.look(&online(11, &[], true), now) else {
        panic!("it is too early to say");
    };
    assert_eq!(stay.look(&online(11, &[], true), known), Presence::Gone);
}

#[test]
fn without_a_list_nobody_is_gone() {
    let later = Instant::now() + Duration::from_secs(60);
    let mut stay = Stay::new(UserId::new(1), at(10), Instant::now());
    assert_eq!(stay.look(&online(9, &[], false), later), Presence::Unknown);
    // A list after the plan shows a stay that it found itself.
    let found = stay.look(&online(70, &[(1, 70)], true), later);
    assert_eq!(found, Presence::Here(at(70)));
}

#[test]
fn a_list_that_was_requested_before_the_plan_is_no_leave() {
    let now = Instant::now();
    let mut stay = Stay::new(UserId::new(1), at(10), now);
    let mut old = online(11, &[], true);
    old.listed_at = Some(now - Duration::from_millis(1));
    let Presence::UnknownUntil(first) = stay.look(&old, now) else {
        panic!("it is too early to say");
    };
    let Presence::UnknownUntil(second) = stay.look(&old, first) else {
        panic!("the list is older than the plan");
    };
    assert!(second > first);
    let mut other = stay.clone();
    let new = online(14, &[], true);
    assert_eq!(other.look(&new, second), Presence::Gone);
    let found = stay.look(&online(14, &[(1, 14)], true), second);
    assert_eq!(found, Presence::Here(at(14)));
    // A server that sends no list any more.
    let mut stay = Stay::new(UserId::new(1), at(10), now);
    let later = now + Duration::from_secs(60);
    assert_eq!(stay.look(&old, later), Presence::Unknown);
}

#[test]
fn a_name_is_looked_up_in_each_snapshot_until_a_list_does_not_have_it() {
    let now = Instant::now();
    let mut stay = Stay::new(" A\"B\\c", at(10), now);
    let later = now + Duration::from_secs(60);
    let unknown = stay.look(&online(9, &[], false), later);
    assert!(matches!(unknown, Presence::UnknownUntil(_)), "{unknown:?}");
    assert_eq!(stay.player(), None);
    let mut absent = stay.clone();
    let listed = later + Duration::from_secs(3);
    assert_eq!(absent.look(&online(11, &[], true), listed), Presence::Gone);
    let found = stay.look(&online(11, &[(1, 5)], true), later);
    assert_eq!(found, Presence::Here(at(5)));
    assert_eq!(stay.player(), Some(UserId::new(1)));
}
