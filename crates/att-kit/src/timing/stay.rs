//! Determines if a player is still online, from snapshots that can be older than the event that caused the work.

use crate::players::Online;
use alta_model::{Timestamp, UserId};
use att_console::PlayerRef;
use std::time::Duration;
use tokio::time::Instant;

/// The time within which a snapshot shows a player whom another stream has reported. The streams of one console differ by
/// milliseconds, and a list for an unknown player follows within a second or two.
const LATENCY: Duration = Duration::from_secs(3);

/// The time within which a list that is requested for an unknown player arrives, also from a slow server.
const LIST_LATENCY: Duration = Duration::from_secs(15);

/// The stay of a player on a server, from the moment at which work was planned for it.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    /// A name until a snapshot shows the player, then the id.
    player: PlayerRef,
    planned: Timestamp,
    planned_at: Instant,
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
    /// No list has been read since the plan.
    Unknown,
    /// The stay has ended.
    Gone,
}

impl Stay {
    pub(crate) fn new(player: impl Into<PlayerRef>, planned: Timestamp, now: Instant) -> Self {
        Self {
            player: player.into(),
            planned,
            planned_at: now,
            known_by: now + LATENCY,
            since: None,
        }
    }

    /// `None` for a name that no snapshot has shown yet.
    pub(crate) fn player(&self) -> Option<UserId> {
        match self.player {
            PlayerRef::Id(id) => Some(id),
            _ => None,
        }
    }

    /// Compares with a snapshot. After [`Presence::Gone`], do not call it again: the player can join again.
    pub(crate) fn look(&mut self, online: &Online, now: Instant) -> Presence {
        if let Some(player) = online.get(&self.player) {
            self.player = PlayerRef::Id(player.id());
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
            return Presence::UnknownUntil(self.known_by);
        }
        let is_listed = online.is_complete() && online.is_listed_since(self.planned_at);
        if self.since.is_some() || is_listed {
            return Presence::Gone;
        }
        // An older list does not show a player who has joined since. A name has no id without a list.
        let last_by = self.planned_at + LIST_LATENCY;
        let is_list_awaited = online.is_complete() && now < last_by;
        if is_list_awaited || self.player().is_none() {
            self.known_by = now + LATENCY;
            return Presence::UnknownUntil(self.known_by);
        }
        Presence::Unknown
    }
}
