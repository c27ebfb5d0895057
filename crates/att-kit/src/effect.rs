use att_console::{Error, ErrorKind, Sent};

/// The effect that a failed command may have had on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// None: the command was not sent.
    NotSent,
    /// The server replied with an error.
    Refused,
    /// It may have run, or may still run.
    MayHaveRun,
}

impl Effect {
    pub(crate) fn of(error: &Error) -> Self {
        match (error.kind(), error.sent()) {
            (
                ErrorKind::Server { .. }
                | ErrorKind::CommandNotFound { .. }
                | ErrorKind::NobodyOnline { .. },
                _,
            ) => Self::Refused,
            (_, Some(Sent::NotSent)) => Self::NotSent,
            // Without a mark: the command ran, and its result could not be read.
            (_, Some(Sent::MayHaveRun) | None) => Self::MayHaveRun,
        }
    }
}
