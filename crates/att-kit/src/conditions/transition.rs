use crate::players::{Evidence, Player};
use alta_model::Timestamp;
use alta_model::console::result::PlayerDetailed;
use std::sync::Arc;

/// A condition has become true or false for a player.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Transition {
    /// The player.
    pub player: Arc<Player>,
    /// The new value of the condition: true or false.
    pub kind: TransitionKind,
    /// True if the player is inside already: the condition was true when it was first known of a player who was online before
    /// the stream began; or it was true before the connection was lost, and is true when it is first known after that. Always
    /// false for [`TransitionKind::Left`].
    pub is_initial: bool,
    /// Its source.
    pub evidence: Evidence,
    /// The time of that event, list or snapshot. With a hold time: when it ended.
    pub at: Timestamp,
    /// The positions on which it is based; `None` if the condition does not need them, or the player has left the server.
    pub details: Option<Arc<PlayerDetailed>>,
}

/// The kind of a [`Transition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransitionKind {
    /// The condition has become true, for the hold time if there is one.
    Entered,
    /// The condition has become false after [`Entered`](Self::Entered), or the player has left the server.
    Left,
}
