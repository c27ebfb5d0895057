//! Determines if a player is still online, from snapshots that can be older than the event that caused the work.

use crate::players::Online;
use alta_model::{Timestamp, UserId};
use std::time::Duration;
use tokio::time::Instant;

/// The time within which a snapshot shows a player whom another stream has reported. The streams of one console differ by
/// milliseconds, and a list for an unknown player follows within a second or two.
const LATENCY: Duration = Duration::from_secs(3);

/// The stay of a player on a server, from the moment at which work was planned for it.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    player: UserId,
    planned: Timestamp,
    known_by: Instant,
    /// The beginning of the stay in the last snapshot that showed it.
    since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The player is here, since this time at the latest.
    Here(Timestamp),
    /// The snapshot may be older than the plan, until this instant.
    UnknownUntil(Instant),
    /// No list has been read.
    Unknown,
    /// The stay has ended.
    Gone,
}

impl Stay {
    pub(crate) fn new(player: UserId, planned: Timestamp, now: Instant) -> Self {
        Self {
            player,
            planned,
            known_by: now + LATENCY,
            since: None,
        }
    }

    pub(crate) fn player(&self) -> UserId {
        self.player
    }

    /// Compares with a snapshot. After [`Presence::Gone`], do not call it again: the player can join again.
    pub(crate) fn look(&mut self, online: &Online, now: Instant) -> Presence {
        if let Some(player) = online.by_id(self.player) {
            let is_another = self.since.is_some_and(|since| since != player.since);
            // A stay that has begun before the plan is the one that the plan is about.
            if is_another && player.since > self.planned {
                return Presence::Gone;
            }
            self.since = Some(player.since);
            return Presence::Here(player.since);
        }
        let may_be_old = self.since.is_none() || online.as_of() < self.planned;
        if may_be_old && now < self.known_by {
            Presence::UnknownUntil(self.known_by)
        } else if self.since.is_none() && !online.is_complete() {
            Presence::Unknown
        } else {
            Presence::Gone
        }
    }
}
