use crate::players::Player;
use alta_model::{User, UserId};
use std::sync::Arc;

/// The life of a [`Delay`](super::Delay): the work is canceled when it ends, before it has begun or while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Until the player leaves or the session ends.
    Player(UserId),
    /// Until the session ends: the connection is lost or the console is closed.
    Session,
    /// Until the console is closed.
    Console,
}

impl From<UserId> for Scope {
    fn from(player: UserId) -> Self {
        Self::Player(player)
    }
}

impl From<&User> for Scope {
    fn from(player: &User) -> Self {
        Self::Player(player.id)
    }
}

impl From<&Player> for Scope {
    fn from(player: &Player) -> Self {
        Self::Player(player.id())
    }
}

impl From<&Arc<Player>> for Scope {
    fn from(player: &Arc<Player>) -> Self {
        Self::Player(player.id())
    }
}

/// The end of a [`Delay`](super::Delay).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DelayEnd {
    /// The work has run.
    Ran,
    /// The work has run, and it failed or panicked. The log has a warning.
    Failed,
    /// The player has left, or is not online.
    Left,
    /// The connection was lost, or there was none.
    SessionEnded,
    /// The console is closed.
    Closed,
    /// It was [canceled](super::Delay::cancel).
    Canceled,
    /// Another delay with the same name and scope has replaced it.
    Replaced,
    /// Too many delays (4,096) wait on this console. The log has a warning.
    Refused,
}
