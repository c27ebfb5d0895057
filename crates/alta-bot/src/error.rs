use alta_model::ServerId;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Something asked of a bot did not come about. [`kind`](Self::kind) is for the program; the message says what was being
/// done, and the [`source`](StdError::source) which part of the bot failed at it and why.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    doing: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration lacks something, or contradicts itself. Everything wrong with it is listed.
    #[error("the configuration is not complete: {}", .problems.join("; "))]
    Config {
        /// Each thing that is wrong.
        problems: Vec<String>,
    },
    /// Logging in failed.
    #[error("logging in failed")]
    Login,
    /// A REST call failed.
    #[error("the REST API did not do it")]
    Rest,
    /// The main websocket failed.
    #[error("the main websocket did not do it")]
    Socket,
    /// A console failed.
    #[error("the console did not do it")]
    #[doc(alias = "ConsoleCreateFailedException")]
    Console,
    /// The account may not use that console.
    #[error("the console is not for this account")]
    #[doc(alias = "ConsolePermissionsDenied")]
    PermissionDenied,
    /// A console of that server is open already; [`Bot::console`](crate::Bot::console) has it.
    #[error("a console of server {0} is open already")]
    #[doc(alias = "ConsoleAlreadyCreatedException")]
    AlreadyOpen(ServerId),
    /// No console of that server is open.
    #[error("no console of server {0} is open")]
    NotOpen(ServerId),
    /// The console was not ready in time. It goes on trying.
    #[error("not ready within {0:?}")]
    #[doc(alias = "ConsoleTimeoutException")]
    TimedOut(Duration),
    /// The bot is closed.
    #[error("the bot is closed")]
    Closed,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, doing: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            doing: doing.into(),
            source: None,
        }
    }

    pub(crate) fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// What was being done.
    pub fn doing(&self) -> &str {
        &self.doing
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
