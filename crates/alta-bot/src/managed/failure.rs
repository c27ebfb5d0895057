use alta_model::{GroupId, ServerId, escaped};
use att_console::EventName;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A handler has failed. The bot goes on; this is logged, counted, and told to
/// [`on_failure`](crate::Handlers::on_failure).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// Which handler, by the name of the method that it was given to, such as `on_event`.
    pub handler: &'static str,
    /// Of which event, if it is a handler of console events.
    pub event: Option<EventName>,
    /// On which console, if on one, as the console is called.
    pub console: Option<Arc<str>>,
    /// Of which server, if of one that has an id.
    pub server: Option<ServerId>,
    /// In which group, if in one.
    pub group: Option<GroupId>,
    /// How.
    pub kind: FailureKind,
}

/// How a handler has failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FailureKind {
    /// It panicked, with this message.
    #[error("it panicked: {}", escaped(.0))]
    Panicked(String),
    /// It returned an error; this is the error and its causes.
    #[error("{}", escaped(.0))]
    Failed(String),
    /// It was ended because it took too long; see [`Limits::handler_time`](crate::Limits::handler_time).
    #[error("it did not end within {0:?}")]
    TimedOut(Duration),
    /// It wasn't called: the event could not be read as the type it takes.
    #[error("the event could not be read: {}", escaped(.0))]
    Unreadable(String),
    /// It will never be called on this console: the server has no such event.
    #[error("the server has no such event{}", crate::nearest::did_you_mean(.suggestions))]
    NoSuchEvent {
        /// The known names nearest to it, nearest first.
        suggestions: Vec<String>,
    },
}

impl FailureKind {
    /// One word for it, as the metrics have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Panicked(_) => "panicked",
            Self::Failed(_) => "failed",
            Self::TimedOut(_) => "timed_out",
            Self::Unreadable(_) => "unreadable",
            Self::NoSuchEvent { .. } => "no_such_event",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.handler)?;
        if let Some(event) = &self.event {
            write!(f, " of {event}")?;
        }
        if let Some(console) = &self.console {
            write!(f, " on {}", escaped(console))?;
        } else if let Some(group) = self.group {
            write!(f, " in group {group}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl Failure {
    /// What is said of a handler's failure, but for how it failed.
    pub(crate) fn of(handler: &'static str) -> Self {
        Self {
            handler,
            event: None,
            console: None,
            server: None,
            group: None,
            kind: FailureKind::Failed(String::new()),
        }
    }
}
