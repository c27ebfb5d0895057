use alta_model::error_type::{ErrorDetails, Fields};
use std::fmt;

alta_model::error_type! {
    /// A teleport failed. [`kind`](Self::kind) is the step that failed, [`moved`](Self::moved) says where the player is, and
    /// [`owes_home`](Self::owes_home) whether the player's home may be wrong. Its `source()` is the error of the command.
    pub struct TeleportError(TeleportErrorKind, Details);
}

/// The step of a teleport that failed, with the cause.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TeleportErrorKind {
    /// The position cannot be a home. Nothing was sent.
    #[error("the position is not three finite numbers, or it is 0,0,0, which means no home")]
    Position,
    /// Too many teleports of the same player wait. Nothing was sent.
    #[error("{0} teleports of the player wait already")]
    TooManyWaiting(usize),
    /// [`MAX_DEBTS`](super::MAX_DEBTS) homes may be wrong. Nothing was changed.
    #[error("{0} homes are not restored yet")]
    TooManyDebts(usize),
    /// The console is closed. Nothing was changed by this call, or its end is not known.
    #[error("the console is closed")]
    Closed,
    /// The player was not found by name. Nothing was changed.
    #[error("the player was not found: {0}")]
    Player(#[source] att_console::Error),
    /// The home could not be read. Nothing was changed.
    #[error("the home was not read: {0}")]
    ReadHome(#[source] att_console::Error),
    /// The debt could not be written to the file. Nothing was changed.
    #[error("the home was not saved to the file: {0}")]
    Save(String),
    /// The home could not be set, so the player was not teleported.
    #[error("the home was not set: {0}")]
    SetHome(#[source] att_console::Error),
    /// The player could not be teleported.
    #[error("the player was not teleported: {0}")]
    Teleport(#[source] att_console::Error),
    /// The home could not be restored, after the teleport or, left over from an earlier one, before it.
    #[error("the home was not restored: {0}")]
    RestoreHome(#[source] att_console::Error),
}

/// The effect of a teleport on the player.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moved {
    /// The player was not moved.
    #[default]
    No,
    /// The command to teleport may have run.
    Perhaps,
    /// The player was moved.
    Yes,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    moved: Moved,
    owes_home: bool,
}

impl ErrorDetails<TeleportErrorKind> for Details {
    fn write(error: &Fields<TeleportErrorKind, Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if error.details.owes_home {
            f.write_str("; the home may be wrong until it is restored")?;
        }
        Ok(())
    }
}

impl TeleportError {
    pub(super) fn with(mut self, moved: Moved, owes_home: bool) -> Self {
        self.0.fields_mut().details = Details { moved, owes_home };
        self
    }

    /// Says whether the player was still moved.
    pub fn moved(&self) -> Moved {
        self.0.fields().details.moved
    }

    /// Returns whether the player's home may be wrong. It is then in [`Homes::debts`](super::Homes::debts), and restored as soon as
    /// possible.
    pub fn owes_home(&self) -> bool {
        self.0.fields().details.owes_home
    }
}
