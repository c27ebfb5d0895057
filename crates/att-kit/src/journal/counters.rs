use super::entry::{Entry, EntryKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The counters of a recording.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) entries: AtomicU64,
    pub(super) missed: AtomicU64,
    pub(super) gaps: AtomicU64,
    pub(super) failures: AtomicU64,
    problem: Mutex<Option<String>>,
}

impl Counters {
    /// Counts a written entry.
    pub(super) fn count(&self, entry: &Entry) {
        match &entry.kind {
            EntryKind::Lagged { count, .. } => add(&self.missed, *count),
            EntryKind::Gap { .. } => add(&self.gaps, 1),
            _ => {}
        }
        add(&self.entries, 1);
    }

    pub(super) fn count_failure(&self) {
        add(&self.failures, 1);
    }

    pub(super) fn problem(&self) -> MutexGuard<'_, Option<String>> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
