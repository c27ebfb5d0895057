use crate::failure::FailureKind;
use crate::handler_fn::HandlerError;
use alta_model::escaped;
use att_console::Console;
use futures_core::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::timetable::Rule;

pub(super) type Action =
    Box<dyn Fn(Console) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync>;

/// An entry of a schedule. The clones of a schedule share it.
pub(super) struct Entry {
    pub(super) rule: Rule,
    pub(super) action: Action,
    pub(super) counts: Counts,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) runs: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) interrupted: AtomicU64,
    pub(super) skipped: AtomicU64,
}

impl Counts {
    pub(super) fn status(&self, name: &Arc<str>) -> EntryStatus {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        EntryStatus {
            name: Arc::clone(name),
            runs: load(&self.runs),
            failures: load(&self.failures),
            interrupted: load(&self.interrupted),
            skipped: load(&self.skipped),
        }
    }
}

/// The counts of one entry of a [`Schedule`](super::Schedule), over all consoles.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryStatus {
    /// The name of the entry.
    pub name: Arc<str>,
    /// The runs that have begun.
    pub runs: u64,
    /// The runs that returned an error or panicked.
    pub failures: u64,
    /// The runs that were dropped because the connection was lost, the console closed or the bot stopped.
    pub interrupted: u64,
    /// The runs that did not begin: the run before had not ended, the console was not connected, or the clock was set forward.
    pub skipped: u64,
}

/// The failure of a run of a [`Schedule`](super::Schedule).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScheduleFailure {
    /// The name of the entry.
    pub entry: Arc<str>,
    /// The label of the console.
    pub console: Arc<str>,
    /// The failed runs of this entry so far, this one included.
    pub count: u64,
    /// The kind of the failure.
    pub kind: FailureKind,
}

impl fmt::Display for ScheduleFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entry, console) = (escaped(&self.entry), escaped(&self.console));
        write!(f, "{entry} on {console}: {}", self.kind)
    }
}
