use std::fmt;
use std::time::Duration;

/// A stage that a shutdown has reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Stage {
    /// The server has accepted the message to all players, or no player is online.
    Announced {
        /// The time that is left.
        left: Duration,
    },
    /// An announcement failed. It is not repeated.
    NotAnnounced {
        /// The time that is left.
        left: Duration,
        /// The error of the command.
        error: att_console::Error,
    },
    /// The server has not confirmed a save, which is repeated.
    SaveFailed(att_console::Error),
    /// The server has saved.
    Saved,
    /// The command to quit was sent. The shutdown cannot be canceled any more.
    Quit,
    /// The connection is lost: the server has stopped.
    Stopped,
}

/// The end of a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShutdownEnd {
    /// It was canceled. The server continues to run.
    Canceled,
    /// The server has stopped, and the plan does not wait for its return.
    Stopped,
    /// The console is ready again.
    Returned {
        /// The time since the command to quit.
        after: Duration,
    },
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Announced { left } => write!(f, "announced, {} left", in_words(*left)),
            Self::NotAnnounced { left, error } => {
                write!(f, "not announced, {} left: {error}", in_words(*left))
            }
            Self::SaveFailed(error) => write!(f, "not saved: {error}"),
            Self::Saved => f.write_str("saved"),
            Self::Quit => f.write_str("quitting"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// `10 minutes`, `1 minute`, `90 seconds`.
pub(super) fn in_words(left: Duration) -> String {
    let seconds = left.as_secs();
    let (number, unit) = if seconds >= 60 && seconds.is_multiple_of(60) {
        (seconds / 60, "minute")
    } else {
        (seconds, "second")
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}
