use alta_model::{Timestamp, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// One reply of the server about all players who were online. It never changes.
///
/// A player who has not changed since the previous snapshot is the same `Arc`.
#[derive(Clone, Debug)]
pub struct Snapshot<T> {
    players: BTreeMap<UserId, Arc<T>>,
    is_complete: bool,
    sent: Instant,
    requested: Timestamp,
    received: Timestamp,
}

/// A reply, as a request returns it.
pub(super) struct Reading<T> {
    pub(super) players: Vec<(UserId, T)>,
    pub(super) is_complete: bool,
}

/// The instant and the time at which a request was sent.
#[derive(Clone, Copy)]
pub(super) struct SentAt(pub(super) Instant, pub(super) Timestamp);

impl SentAt {
    pub(super) fn now() -> Self {
        Self(Instant::now(), Timestamp::now())
    }
}

impl<T: PartialEq> Snapshot<T> {
    pub(super) fn new(reading: Reading<T>, sent: SentAt, before: Option<&Self>) -> Self {
        let shared = |(id, player): (UserId, T)| {
            let same = before.and_then(|before| before.players.get(&id));
            let same = same.filter(|same| ***same == player);
            (id, same.map_or_else(|| Arc::new(player), Arc::clone))
        };
        Self {
            players: reading.players.into_iter().map(shared).collect(),
            is_complete: reading.is_complete,
            sent: sent.0,
            requested: sent.1,
            received: Timestamp::now(),
        }
    }
}

impl<T> Snapshot<T> {
    /// The number of players.
    pub fn len(&self) -> usize {
        self.players.len()
    }

    /// Returns whether it has no player: the server has replied that no player is online, or, for inventories, that no
    /// player has a body. A failed reply or one of another shape makes no snapshot.
    pub fn is_empty(&self) -> bool {
        self.players.is_empty()
    }

    /// The players, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (UserId, &Arc<T>)> {
        self.players.iter().map(|(id, player)| (*id, player))
    }

    /// The player with this id.
    pub fn by_id(&self, id: UserId) -> Option<&Arc<T>> {
        self.players.get(&id)
    }

    /// Returns whether every entry of the reply could be read. If not, a player who is missing here may still be online.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The time since the request was sent: no part of the snapshot is older.
    pub fn age(&self) -> Duration {
        self.sent.elapsed()
    }

    /// The instant at which the request was sent.
    pub fn sent(&self) -> Instant {
        self.sent
    }

    /// The time at which the request was sent.
    pub fn requested(&self) -> Timestamp {
        self.requested
    }

    /// The time at which the reply was received.
    pub fn received(&self) -> Timestamp {
        self.received
    }
}

#[cfg(test)]
impl<T> Snapshot<T> {
    /// A complete reply, for tests of machines.
    pub(crate) fn of(
        players: impl IntoIterator<Item = (UserId, T)>,
        sent: Instant,
        received: Timestamp,
    ) -> Self {
        let players = players.into_iter();
        Self {
            players: players.map(|(id, player)| (id, Arc::new(player))).collect(),
            is_complete: true,
            sent,
            requested: received,
            received,
        }
    }
}
