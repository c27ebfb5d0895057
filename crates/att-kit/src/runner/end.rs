//! The reports of a console's task, and its end.

use alta_model::Timestamp;
use att_console::Closed;

/// A change of a console's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Connected,
    Disconnected,
}

/// The reason why a console is no longer handled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// It was removed from the set, or a stop was requested.
    Stopped,
    /// The program has closed it.
    Closed,
    /// It was closed permanently for another reason, such as a refusal of the server.
    Refused(Closed),
    /// It could not be opened.
    NotOpened,
}

/// The end of a console's task.
pub(crate) struct Ended {
    pub(crate) end: End,
    /// Calls of handlers that were not made or did not finish.
    pub(crate) given_up: usize,
    /// The instant since which handlers miss events of the console; `None` if they never received any.
    pub(crate) missing: Option<Timestamp>,
}

impl Ended {
    pub(super) fn before_it_began(end: End) -> Self {
        Self {
            end,
            given_up: 0,
            missing: None,
        }
    }
}
