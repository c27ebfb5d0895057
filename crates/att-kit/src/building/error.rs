use alta_model::{EntityId, escaped};
use att_console::Sent;

alta_model::error_type! {
    /// An operation of building failed. [`kind`](Self::kind) is for the program; [`sent`](Self::sent) says whether the command
    /// may have run.
    pub struct Error(ErrorKind, ());
}

/// The cause of a failure.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A command failed: by the server's error, by a timeout, or by the loss of the connection.
    #[error(transparent)]
    Command(#[from] att_console::Error),
    /// The entity could not be selected, because it no longer exists, or because the console failed. The operation on it was not
    /// sent.
    #[error("the entity could not be selected: {0}")]
    Select(#[source] att_console::Error),
    /// The guard has no selected entity. Nothing was sent.
    #[error("no entity is selected")]
    NothingSelected,
    /// An earlier command on the selected entity may have run, or its future was dropped. Nothing was sent: select the entity
    /// again, and check its state before the next operation.
    #[error("`{}` may have run before; select the entity again", escaped(.command))]
    Unsettled {
        /// The line of the earlier command.
        command: String,
    },
    /// After the connection was lost, the id belongs to another entity. Nothing was sent.
    #[error("entity {id} was \"{}\" before the connection was lost, and is \"{}\" now", escaped(.before), escaped(.now))]
    Replaced {
        /// The id.
        id: EntityId,
        /// The name of the selected entity.
        before: String,
        /// The name of the entity that has its id now.
        now: String,
    },
    /// The server selected an entity, but does not return its id.
    #[error("the server does not return the id of the selected entity")]
    Unidentified,
    /// The connection was lost several times before the command was sent.
    #[error("the connection was lost several times; the command was not sent")]
    ConnectionLost,
    /// A save string is invalid, or a value cannot be set in it.
    #[error(transparent)]
    SaveString(#[from] alta_model::Error),
    /// A placement scales by a number that is not finite and positive.
    #[error("{0} is not a scale: it must be finite and positive")]
    Scale(f64),
    /// A string is not a build.
    #[error("not a build: {}", escaped(.0))]
    Build(String),
    /// A build has another version of the format than this library.
    #[error("the build has version {found} of the format, not {expected}")]
    BuildVersion {
        /// Its version.
        found: u64,
        /// The version that this library reads.
        expected: u64,
    },
}

impl Error {
    /// Returns whether the operation may have run. `None` if the server replied with an error.
    pub fn sent(&self) -> Option<Sent> {
        match self.kind() {
            // Its command is not the operation.
            ErrorKind::Select(error) => error.sent().map(|_| Sent::NotSent),
            ErrorKind::Command(error) => match error.kind() {
                att_console::ErrorKind::NotReadyWithin { .. } => Some(Sent::NotSent),
                _ => error.sent(),
            },
            _ => Some(Sent::NotSent),
        }
    }
}

impl Error {
    /// Returns whether the command may have run. If its result could not be read, it ran.
    pub(super) fn may_have_run(&self) -> bool {
        let ErrorKind::Command(error) = self.kind() else {
            return false;
        };
        let is_unread = matches!(error.kind(), att_console::ErrorKind::Decode { .. });
        is_unread || error.sent() == Some(Sent::MayHaveRun)
    }

    /// Returns whether a command was not sent because the console was not ready for it.
    pub(super) fn is_unsent(&self) -> bool {
        let ErrorKind::Command(error) = self.kind() else {
            return false;
        };
        let is_invalid = matches!(error.kind(), att_console::ErrorKind::Argument(_));
        self.sent() == Some(Sent::NotSent) && !is_invalid
    }

    pub(super) fn is_timeout(&self) -> bool {
        let ErrorKind::Command(error) = self.kind() else {
            return false;
        };
        matches!(error.kind(), att_console::ErrorKind::TimedOut { .. })
    }

    /// Returns whether the server replied, so that the entity is the cause and not the console.
    pub(super) fn is_of_entity(&self) -> bool {
        self.sent().is_none() || matches!(self.kind(), ErrorKind::SaveString(_))
    }
}

impl From<att_console::Error> for Error {
    fn from(error: att_console::Error) -> Self {
        Self::new(error.into(), "")
    }
}

impl From<alta_model::Error> for Error {
    fn from(error: alta_model::Error) -> Self {
        Self::new(error.into(), "")
    }
}
