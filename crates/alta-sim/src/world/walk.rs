//! Paths: where a player's body and hands are at a time.

use super::map::{Map, between};
use super::player::{Player, difference};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// A place on the path of a player.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Waypoint {
    /// The time from the beginning of the path.
    pub after: Duration,
    /// The position of the body, in meters.
    pub position: [f64; 3],
    /// The positions of the left and the right hand, in meters. `None`: they have the same place relative to the body as before.
    pub hands: Option<[[f64; 3]; 2]>,
}

impl Waypoint {
    /// A place of the body.
    pub fn new(after: Duration, position: [f64; 3]) -> Self {
        Self {
            after,
            position,
            hands: None,
        }
    }

    /// Places the hands, too.
    #[must_use]
    pub fn hands(self, left: [f64; 3], right: [f64; 3]) -> Self {
        Self {
            hands: Some([left, right]),
            ..self
        }
    }

    /// Returns the reason why these are no path.
    pub(crate) fn check(path: &[Self]) -> Result<(), String> {
        let Some(last) = path.last() else {
            return Err("the path has no waypoint".to_owned());
        };
        for (nth, pair) in path.windows(2).enumerate() {
            let [one, next] = [pair[0].after, pair[1].after];
            if next < one {
                let (before, this) = (nth + 1, nth + 2);
                return Err(format!(
                    "waypoint {this} is at {next:?}, before waypoint {before} at {one:?}"
                ));
            }
        }
        for (nth, waypoint) in path.iter().enumerate() {
            let places = [waypoint.position]
                .into_iter()
                .chain(waypoint.hands.into_iter().flatten());
            if !places.flatten().all(f64::is_finite) {
                return Err(format!(
                    "waypoint {} has an infinite coordinate or none",
                    nth + 1
                ));
            }
        }
        let longest = alta_cloud::net::Clock::FURTHEST;
        if last.after > longest {
            return Err(format!("the path takes more than {longest:?}"));
        }
        Ok(())
    }
}

/// A body and its hands at a time. The hands are relative to the body.
#[derive(Clone, Debug)]
struct Stop {
    at: Timestamp,
    position: [f64; 3],
    hands: [[f64; 3]; 2],
}

/// A player's way along a path.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// The place where the path began, and its waypoints.
    stops: Vec<Stop>,
    /// `true` if the path moves the hands relative to the body.
    has_hands: bool,
    /// The chunks that the body has not reached yet, and when it does.
    crossings: VecDeque<(Timestamp, String)>,
}

impl Walk {
    pub(super) fn new(player: &Player, map: &Map, path: &[Waypoint], now: Timestamp) -> Self {
        let mut stops = vec![Stop {
            at: now,
            position: player.position,
            hands: [player.left_offset, player.right_offset],
        }];
        for waypoint in path {
            let position = waypoint.position;
            let hands = waypoint.hands;
            let hands = hands.map(|hands| hands.map(|hand| difference(hand, position)));
            let before = stops.last().map(|stop| stop.hands).unwrap_or_default();
            stops.push(Stop {
                at: now.checked_add(waypoint.after).unwrap_or(Timestamp::MAX),
                position,
                hands: hands.unwrap_or(before),
            });
        }
        Self {
            crossings: crossings(&stops, map, &player.chunk),
            has_hands: path.iter().any(|waypoint| waypoint.hands.is_some()),
            stops,
        }
    }

    /// The time at which the body next reaches another chunk.
    pub(super) fn next_crossing(&self) -> Option<Timestamp> {
        self.crossings.front().map(|(at, _)| *at)
    }

    /// Takes the next chunk that the body has reached by a time.
    pub(super) fn take_chunk(&mut self, now: Timestamp) -> Option<String> {
        self.next_crossing().filter(|at| *at <= now)?;
        self.crossings.pop_front().map(|(_, chunk)| chunk)
    }

    /// Places the player where the path is at a time.
    pub(super) fn place(&self, player: &mut Player, now: Timestamp) {
        let Some((from, to, share)) = self.around(now) else {
            return;
        };
        player.position = between(from.position, to.position, share);
        if self.has_hands {
            player.left_offset = between(from.hands[0], to.hands[0], share);
            player.right_offset = between(from.hands[1], to.hands[1], share);
        }
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.stops.last().is_none_or(|stop| stop.at <= now) && self.crossings.is_empty()
    }

    /// The two stops around a time, and the share of the way between them.
    fn around(&self, now: Timestamp) -> Option<(&Stop, &Stop, f64)> {
        let passed = self.stops.partition_point(|stop| stop.at <= now);
        let from = self.stops.get(passed.saturating_sub(1))?;
        let to = self.stops.get(passed).unwrap_or(from);
        let whole = from.at.duration_until(to.at).as_secs_f64();
        let part = from.at.duration_until(now).as_secs_f64();
        let share = if whole > 0.0 { part / whole } else { 0.0 };
        Some((from, to, share.clamp(0.0, 1.0)))
    }
}

/// The changes of the chunk between stops.
fn crossings(stops: &[Stop], map: &Map, chunk: &str) -> VecDeque<(Timestamp, String)> {
    let mut reached: Vec<(Timestamp, &str)> = Vec::new();
    for pair in stops.windows(2) {
        let [from, to] = [&pair[0], &pair[1]];
        let whole = Duration::try_from(from.at.duration_until(to.at)).unwrap_or_default();
        if whole.is_zero() {
            // The body is at none of the positions between them.
            continue;
        }
        let chunks = map.chunks_between(from.position, to.position);
        reached.extend(chunks.map(|(share, chunk)| {
            let at = from.at.checked_add(whole.mul_f64(share));
            (at.unwrap_or(to.at), chunk)
        }));
    }
    if let Some(last) = stops.last() {
        reached.extend(map.chunk_at(last.position).map(|chunk| (last.at, chunk)));
    }
    let mut present = chunk;
    let changes = reached.into_iter().filter(|(_, chunk)| {
        let before = std::mem::replace(&mut present, chunk);
        before != *chunk
    });
    changes.map(|(at, chunk)| (at, chunk.to_owned())).collect()
}
