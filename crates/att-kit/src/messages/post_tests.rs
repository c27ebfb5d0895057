use super::delivery::Delivery;
use super::post::{Audience, Post, Step, VISIBLE_AFTER, until_all_see};
use crate::players::{Online, Player};
use crate::timing::stay::Stay;
use alta_model::{Timestamp, User, UserId};
use att_console::Target;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

fn at(second: u64) -> Timestamp {
    let start = Timestamp::from_unix_seconds(1_800_000_000).unwrap();
    start.checked_add(Duration::from_secs(second)).unwrap()
}

/// A snapshot with one player or nobody.
fn online(as_of: u64, since: Option<u64>) -> Online {
    let players = since.map(|since| {
        let user = User::new(UserId::new(7), "-Bee-");
        (user.id, Arc::new(Player::new(user, at(since))))
    });
    Online {
        players: players.into_iter().collect(),
        is_complete: true,
        as_of: at(as_of),
        // Requested after each plan of a test.
        listed_at: Some(Instant::now() + seconds(3_600)),
    }
}

/// The recipient of [`to_player`].
const TARGET: Target = Target::Id(UserId::new(7));

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn to_player(when_visible: bool, delay: u64, max_age: u64, now: Instant) -> Post {
    let stay = Stay::new(UserId::new(7), at(0), now);
    let audience = Audience::Player(stay);
    Post::new(
        audience,
        when_visible,
        seconds(delay),
        seconds(max_age),
        now,
    )
}

#[test]
fn a_message_waits_until_a_new_player_can_see_it() {
    let now = Instant::now();
    let mut post = to_player(true, 0, 60, now);
    let joined = online(0, Some(0));
    let visible = now + VISIBLE_AFTER;
    assert_eq!(post.step(&joined, true, now, at(0)), Step::Wait(visible));
    assert_eq!(
        post.step(&joined, true, visible, at(25)),
        Step::Send(TARGET)
    );
    let mut young = to_player(true, 0, 20, now);
    let too_late = Step::End(Delivery::TooOld);
    assert_eq!(young.step(&joined, true, now, at(0)), too_late);
}

#[test]
fn a_player_who_leaves_meanwhile_gets_nothing() {
    let now = Instant::now();
    let mut post = to_player(false, 20, 60, now);
    let due = now + seconds(20);
    assert_eq!(
        post.step(&online(0, Some(0)), true, now, at(0)),
        Step::Wait(due)
    );
    let left = Step::End(Delivery::Left);
    assert_eq!(post.step(&online(10, None), true, now, at(10)), left);
}

#[test]
fn a_message_is_not_sent_when_the_console_reconnects_late() {
    let now = Instant::now();
    let here = online(0, Some(0));
    let mut post = to_player(false, 0, 5, now);
    let expires = now + seconds(5);
    assert_eq!(post.step(&here, false, now, at(0)), Step::Wait(expires));
    let mut in_time = post.clone();
    assert_eq!(
        in_time.step(&here, true, expires, at(5)),
        Step::Send(TARGET)
    );
    let late = now + seconds(6);
    assert_eq!(
        post.step(&here, true, late, at(6)),
        Step::End(Delivery::TooOld)
    );
}

#[test]
fn a_message_for_everyone_waits_for_those_who_have_just_joined() {
    let wait = until_all_see(&online(0, Some(0)), at(10));
    assert_eq!(wait + seconds(10), VISIBLE_AFTER);
    assert_eq!(until_all_see(&online(0, None), at(10)), Duration::ZERO);
    // The clock was set back by an hour.
    assert_eq!(until_all_see(&online(0, Some(3_600)), at(0)), VISIBLE_AFTER);
}

proptest! {
    /// For all sequences of connections and stays: it is sent only within its time, to a player who is online and can
    /// see it, and it ends by its maximum age at the latest.
    #[test]
    fn a_message_is_sent_in_its_time_or_not_at_all(
        when_visible in any::<bool>(),
        delay in 0..40_u64,
        max_age in 0..60_u64,
        steps in proptest::collection::vec((0..5_u64, any::<bool>(), 0..20_u8), 0..80),
    ) {
        let start = Instant::now();
        let mut post = to_player(when_visible, delay, max_age, start);
        let mut since = Some(0);
        let mut now = 0;
        let mut step = Step::Wait(start);
        for (pause, is_ready, odds) in steps.into_iter().chain((0..40).map(|_| (5, false, 1))) {
            now += pause;
            since = match (odds, since) {
                (0, Some(_)) => None,
                (2, None) => Some(now),
                (_, since) => since,
            };
            step = post.step(&online(now, since), is_ready, start + seconds(now), at(now));
            match step {
                Step::Send(ref target) => {
                    prop_assert_eq!(target, &TARGET);
                    prop_assert!(is_ready && (delay..=delay + max_age).contains(&now));
                    let since = since.expect("the player is online");
                    prop_assert!(!when_visible || now >= since + VISIBLE_AFTER.as_secs());
                    break;
                }
                Step::Wait(until) => prop_assert!(until > start + seconds(now)),
                Step::End(_) => break,
            }
        }
        prop_assert!(!matches!(step, Step::Wait(_)), "it ends");
    }
}
