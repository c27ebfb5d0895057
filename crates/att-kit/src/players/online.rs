use alta_model::console::cave_layer;
use alta_model::console::event::PlayerState;
use alta_model::{Timestamp, User, UserId};
use att_console::{PlayerRef, nearest};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

/// A player who is online.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Player {
    /// The id and the name.
    pub user: User,
    /// The time of the event or of the list that first showed the player online.
    pub since: Timestamp,
    /// The name of the current chunk; `None` until the player moves to another one, also after events were missed.
    pub chunk: Option<String>,
    /// The states that the player has entered and not left, as far as events showed.
    pub states: Vec<PlayerState>,
}

impl Player {
    pub(crate) fn new(user: User, since: Timestamp) -> Self {
        Self {
            user,
            since,
            chunk: None,
            states: Vec::new(),
        }
    }

    /// The player's id.
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// The player's name.
    pub fn name(&self) -> &str {
        &self.user.username
    }

    /// The current layer of the caves; none outside of them, or if the chunk is not known.
    pub fn cave_layer(&self) -> Option<u32> {
        cave_layer(self.chunk.as_deref()?)
    }
}

/// The players who are online on one console, at one moment. It never changes; [`Players::online`](super::Players::online)
/// returns the newest one.
#[derive(Clone, Debug)]
pub struct Online {
    pub(crate) players: BTreeMap<UserId, Arc<Player>>,
    pub(crate) is_complete: bool,
    pub(crate) as_of: Timestamp,
    /// When the newest list in it was requested; `None` if no list has arrived since the last missed event.
    pub(crate) listed_at: Option<Instant>,
}

impl Online {
    /// The number of players.
    pub fn len(&self) -> usize {
        self.players.len()
    }

    /// Returns whether no player is online. Check [`is_complete`](Self::is_complete), too: before the first list no player is known.
    pub fn is_empty(&self) -> bool {
        self.players.is_empty()
    }

    /// The players, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Player>> {
        self.players.values()
    }

    /// The player with this id.
    pub fn by_id(&self, id: UserId) -> Option<&Arc<Player>> {
        self.players.get(&id)
    }

    /// The player with this name. A name in another case is found, too, if only one player has it. Spaces around a name do not
    /// count.
    pub fn by_name(&self, name: &str) -> Option<&Arc<Player>> {
        let name = name.trim();
        let mut exact = self.iter().filter(|player| player.name().trim() == name);
        if let Some(exact) = exact.next() {
            return Some(exact);
        }
        let lower = name.to_lowercase();
        let mut same = self
            .iter()
            .filter(|player| player.name().trim().to_lowercase() == lower);
        let found = same.next();
        found.filter(|_| same.next().is_none())
    }

    pub(crate) fn get(&self, player: &PlayerRef) -> Option<&Arc<Player>> {
        match player {
            PlayerRef::Id(id) => self.by_id(*id),
            PlayerRef::Name(name) => self.by_name(name),
            _ => None,
        }
    }

    /// Returns whether the newest list in it was requested at this instant or later.
    pub(crate) fn is_listed_since(&self, instant: Instant) -> bool {
        self.listed_at.is_some_and(|at| at >= instant)
    }

    /// Returns whether a list of the server has confirmed this since the console connected, and no event was missed after it.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The time of the newest event or list in it.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// The names that are nearest to a mistyped one: the nearest first, at most three.
    pub fn nearest(&self, name: &str) -> Vec<&str> {
        nearest(name, self.iter().map(|player| player.name()))
    }
}

impl<'a> IntoIterator for &'a Online {
    type Item = &'a Arc<Player>;
    type IntoIter = std::collections::btree_map::Values<'a, UserId, Arc<Player>>;

    fn into_iter(self) -> Self::IntoIter {
        self.players.values()
    }
}
