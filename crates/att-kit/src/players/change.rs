use super::online::Player;
use alta_model::Timestamp;
use alta_model::console::event::PlayerState;
use std::sync::Arc;

/// A change of the players on a console.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlayerChange {
    /// The player after the change; for [`ChangeKind::Left`], as last known.
    pub player: Arc<Player>,
    /// The change.
    pub kind: ChangeKind,
    /// Its source.
    pub evidence: Evidence,
    /// The time of that event or list.
    pub at: Timestamp,
}

/// The kind of a [`PlayerChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The player was online before: when the stream began, or in the first list after the console was opened.
    Found,
    /// The player has joined.
    Joined,
    /// The player has left.
    Left,
    /// The player is in another chunk.
    Moved {
        /// The previous chunk; empty if the server did not send it.
        from: String,
        /// The current chunk.
        to: String,
    },
    /// The player has entered a state.
    Entered(PlayerState),
    /// The player has left a state.
    Exited(PlayerState),
    /// The player has another name.
    Renamed {
        /// The previous name.
        from: String,
    },
}

/// The source of a [`PlayerChange`] or a [`Transition`](crate::conditions::Transition).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// An event of the server. A leave can have the event of the next join as its evidence, if its own was not sent.
    Event,
    /// The comparison with a list of the server. Its time is an upper bound: servers do not send every event, and none
    /// while the connection is lost.
    List,
    /// A [snapshot](super::Snapshot) of the players' bodies or items. Its time is an upper bound. No [`PlayerChange`] has it.
    Snapshot,
}
