use alta_model::Timestamp;
use att_console::{Event, Missed, State};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// A line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The time of the entry on this machine.
    pub at: Timestamp,
    /// The label of the console.
    #[serde(serialize_with = "as_str")]
    pub console: Arc<str>,
    /// The content.
    #[serde(flatten)]
    pub kind: EntryKind,
}

/// The content of an [`Entry`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryKind {
    /// The recording has started. No event of this console between its line before and this one was recorded.
    Started,
    /// The recording has stopped, and all lines before are written. A recording without this line was lost from its last line on: the
    /// program was killed, or the disk was full at the end.
    Stopped,
    /// An event, also of a kind that this library does not know.
    Event {
        /// The name of the event.
        event: String,
        /// True for a `CommandExecuted` of a command that this console has sent.
        own: bool,
        /// The data as the server sent it.
        data: Value,
    },
    /// The connection was lost: events between these times are missing.
    Gap {
        /// The time of the last frame on the lost connection.
        since: Timestamp,
        /// The time at which the server confirmed all subscriptions again; `None` if the recording ended before.
        until: Option<Timestamp>,
    },
    /// Events are missing because the journal could not be written fast enough, or not at all.
    Lagged {
        /// The number of missing events.
        count: u64,
        /// The time of the last event before them, or of the start of the recording.
        since: Timestamp,
        /// The time of the first event after them, if it has arrived, otherwise of this entry.
        until: Timestamp,
    },
    /// An event whose data is not JSON.
    Unreadable {
        /// The reason.
        reason: String,
        /// The frame.
        frame: String,
    },
    /// The console has another connection state.
    State {
        /// `connected`, `disconnected` or `closed`.
        state: &'static str,
        /// The reason, unless it is connected.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
}

impl Entry {
    pub(super) fn new(console: Arc<str>, kind: EntryKind) -> Self {
        Self {
            at: Timestamp::now(),
            console,
            kind,
        }
    }

    pub(super) fn event(event: Event<Value>) -> Self {
        Self {
            at: event.received(),
            console: Arc::clone(&event.console),
            kind: EntryKind::Event {
                event: event.name.to_string(),
                own: event.is_own(),
                data: event.data,
            },
        }
    }

    /// `since` is the time of the last event.
    pub(super) fn missed(console: Arc<str>, missed: Missed, since: Timestamp) -> Self {
        let kind = match missed {
            Missed::Lagged(count) => return Self::lagged(console, count, since),
            Missed::Gap { since, until } => EntryKind::Gap {
                since,
                until: Some(until),
            },
            Missed::Undecodable { reason, raw } => EntryKind::Unreadable {
                reason,
                frame: raw.as_str().to_owned(),
            },
            other => EntryKind::Unreadable {
                reason: other.to_string(),
                frame: String::new(),
            },
        };
        Self::new(console, kind)
    }

    /// Events are missing from `since` until now.
    pub(super) fn lagged(console: Arc<str>, count: u64, since: Timestamp) -> Self {
        let at = Timestamp::now();
        let kind = EntryKind::Lagged {
            count,
            since,
            until: at,
        };
        Self { at, console, kind }
    }

    /// The number of events that are missing without this entry.
    pub(super) fn weight(&self) -> u64 {
        match self.kind {
            EntryKind::Lagged { count, .. } => count,
            EntryKind::Event { .. } | EntryKind::Unreadable { .. } => 1,
            _ => 0,
        }
    }

    pub(super) fn state(at: Timestamp, console: Arc<str>, state: &State) -> Self {
        let (state, because) = match state {
            State::Closed { because } => ("closed", Some(because.to_string())),
            State::Recovering { because, .. } => ("disconnected", Some(because.to_string())),
            state if state.is_connected() => ("connected", None),
            _ => ("disconnected", None),
        };
        let kind = EntryKind::State { state, because };
        Self { at, console, kind }
    }
}

fn as_str<S: Serializer>(label: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(label)
}
