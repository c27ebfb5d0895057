//! The failure of a subcommand: the exit status, the message, and the next step.

use pytale::console::{Closed, Error as ConsoleError, ErrorKind, NotConnected, Sent};
use std::fmt;
use std::process::ExitCode;

/// The exit statuses. Scripts depend on them; `docs/tale.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// The server refused the command or failed it, or a check of the program failed.
    Failed = 1,
    /// The command line, the configuration or the input is wrong. Nothing was sent.
    Usage = 2,
    /// The server could not be reached, or the connection was lost.
    Unreachable = 3,
    /// The server refused the token or the login.
    Refused = 4,
    /// No reply before the timeout; the command may have run.
    TimedOut = 5,
    /// A file or the output could not be read or written.
    Io = 6,
    /// The user has canceled by Ctrl-C. It is the status that shells give to a program that this signal has ended.
    Canceled = 130,
}

/// The failure of a subcommand.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    status: Status,
    message: String,
    /// The next step of the user.
    advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            advice: None,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Status::Usage, message)
    }

    /// An error of a file or a stream. `doing` names it: `reading the token file x.txt`.
    pub(crate) fn io(doing: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(Status::Io, format!("{doing}: {error}"))
    }

    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Puts the operation before the message.
    pub(crate) fn of(mut self, doing: &str) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// The message without the next step.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The next step of the user.
    pub(crate) fn help(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.status as u8)
    }

    /// The failure of one attempt to connect.
    pub(crate) fn not_connected(because: &NotConnected) -> Self {
        let failure = Self::new(Status::Unreachable, because.to_string());
        match because {
            NotConnected::NoAccess(_) | NotConnected::NotUp(_) => failure.advice(
                "start the server once, so that it writes the token file, or name the file with --token-file",
            ),
            NotConnected::Unreachable(_) => failure.advice(
                "check that the server runs and that --host and --port are its console's (1760 by default); `tale doctor` finds out more",
            ),
            NotConnected::NoReplyToToken => Self { status: Status::Refused, ..failure }.advice(
                "wait until the server has loaded its world, or check that the token file belongs to this server; `tale doctor` finds out more",
            ),
            _ => failure,
        }
    }

    /// The failure of a console that is closed permanently.
    pub(crate) fn closed(because: &Closed) -> Self {
        let failure = Self::new(Status::Failed, because.to_string());
        match because {
            Closed::Refused(_) | Closed::NoReplyToToken { .. } => Self {
                status: Status::Refused,
                ..failure
            }
            .advice("check that the token file belongs to this server"),
            Closed::Address(_) | Closed::Token(_) => Self {
                status: Status::Usage,
                ..failure
            },
            _ => failure,
        }
    }
}

/// The message, then the next step in a line of its own.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.advice {
            Some(advice) => write!(f, "\n  help: {advice}"),
            None => Ok(()),
        }
    }
}

impl From<ConsoleError> for Failure {
    fn from(error: ConsoleError) -> Self {
        let status = match error.kind() {
            ErrorKind::Argument(_) | ErrorKind::Address(_) | ErrorKind::NoTokenFile => {
                Status::Usage
            }
            ErrorKind::TimedOut { .. } | ErrorKind::NoEvent(_) => Status::TimedOut,
            ErrorKind::Disconnected { .. }
            | ErrorKind::NotReady
            | ErrorKind::NotReadyWithin { .. } => Status::Unreachable,
            ErrorKind::Closed { because } => {
                let failure = Self::closed(because);
                let message = error.to_string();
                return Self { message, ..failure };
            }
            _ => Status::Failed,
        };
        let failure = Self::new(status, error.to_string());
        match (error.sent(), status) {
            (Some(Sent::MayHaveRun), Status::TimedOut | Status::Unreachable) => {
                failure.advice("check its effect before you repeat it")
            }
            _ if matches!(error.kind(), ErrorKind::NotReadyWithin { .. }) => {
                failure.advice("`tale doctor` finds out more")
            }
            _ => failure,
        }
    }
}
