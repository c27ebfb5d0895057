use crate::hints::did_you_mean;
use alta_model::{GroupId, ServerId, escaped};
use att_console::EventName;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The failure of a handler. It is logged, counted, and passed to [`on_failure`](crate::Handlers::on_failure); everything else
/// continues.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The method that registered the handler, such as `on`.
    pub handler: &'static str,
    /// The event, for a handler of console events.
    pub event: Option<EventName>,
    /// The label of the console, for a handler of a console.
    pub console: Option<Arc<str>>,
    /// The server, if it has an id.
    pub server: Option<ServerId>,
    /// The group, for a server of Alta's cloud and for a handler of groups.
    pub group: Option<GroupId>,
    /// The kind of the failure.
    pub kind: FailureKind,
}

/// The kind of a [`Failure`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FailureKind {
    /// It panicked, with this message.
    #[error("it panicked: {}", escaped(.0))]
    Panicked(String),
    /// It returned an error: the messages of the error and of its sources.
    #[error("{}", escaped(.0))]
    Failed(String),
    /// It was canceled after its timeout; see [`Limits::handler_timeout`](crate::Limits::handler_timeout).
    #[error("it did not end within {0:?}")]
    TimedOut(Duration),
    /// It was not called: the event could not be decoded as the type that it takes.
    #[error("the event could not be read: {}", escaped(.0))]
    Undecodable(String),
    /// It will never be called on this console: the server has no such event.
    #[error("the server has no such event{}", did_you_mean(.suggestions))]
    NoSuchEvent {
        /// The most similar known names, nearest first.
        suggestions: Vec<String>,
    },
}

impl FailureKind {
    /// The value of the label `kind` in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Panicked(_) => "panicked",
            Self::Failed(_) => "failed",
            Self::TimedOut(_) => "timed_out",
            Self::Undecodable(_) => "undecodable",
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

/// The part of a [`Failure`] that is known before the handler is called.
#[derive(Clone, Debug)]
pub struct HandlerInfo {
    pub(crate) handler: &'static str,
    pub(crate) event: Option<EventName>,
    pub(crate) console: Option<Arc<str>>,
    pub(crate) server: Option<ServerId>,
    pub(crate) group: Option<GroupId>,
}

impl HandlerInfo {
    /// A handler, by the method that registered it.
    pub fn new(handler: &'static str) -> Self {
        Self {
            handler,
            event: None,
            console: None,
            server: None,
            group: None,
        }
    }

    /// A handler of this server.
    #[must_use]
    pub fn server(mut self, server: Option<ServerId>) -> Self {
        self.server = server;
        self
    }

    /// A handler of this group.
    #[must_use]
    pub fn group(mut self, group: Option<GroupId>) -> Self {
        self.group = group;
        self
    }

    pub(crate) fn event(mut self, event: &EventName) -> Self {
        self.event = Some(event.clone());
        self
    }

    pub(crate) fn failed(self, kind: FailureKind) -> Failure {
        let Self {
            handler,
            event,
            console,
            server,
            group,
        } = self;
        Failure {
            handler,
            event,
            console,
            server,
            group,
            kind,
        }
    }
}
