//! A schedule during one session of a console. The timetable decides, and continues in the next session.

use super::entry::{Entry, ScheduleFailure};
use super::schedule::Schedule;
use super::timetable::{Input, Now, Output, Timetable};
use crate::clock::due;
use crate::failure::FailureKind;
use crate::panics::{catch_panic, catch_panic_in};
use alta_model::chain;
use att_console::Console;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::{debug, warn};

/// The timetables of one console between its sessions, by the id of the schedule.
#[derive(Default)]
struct Timetables(Mutex<HashMap<u64, Timetable>>);

impl Timetables {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Timetable>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The timetable during a session. It is kept for the next session when this is dropped.
struct Lease {
    timetables: Arc<Timetables>,
    schedule: u64,
    timetable: Option<Timetable>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(timetable) = self.timetable.take() {
            self.timetables.lock().insert(self.schedule, timetable);
        }
    }
}

/// A run that has not ended. It counts as interrupted if it is dropped.
struct Running {
    entry: Arc<Entry>,
    has_ended: bool,
}

impl Running {
    fn ended(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            count(&self.entry.counts.interrupted, 1);
        }
    }
}

impl Schedule {
    /// Runs until it is dropped, at the end of the session.
    pub(super) async fn session(&self, console: &Console) {
        let now = Now::read();
        let timetables = console.extension(Timetables::default);
        let kept = timetables.lock().remove(&self.id);
        let kept = kept.filter(|kept| kept.len() == self.entries.len());
        let is_resumed = kept.is_some();
        let rules = self.entries.iter().map(|(_, entry)| entry.rule.clone());
        let mut lease = Lease {
            timetables,
            schedule: self.id,
            timetable: Some(kept.unwrap_or_else(|| Timetable::new(rules, now))),
        };
        let mut runs = FuturesUnordered::new();
        let mut input = if is_resumed {
            Input::Resumed
        } else {
            Input::Tick
        };
        while let Some(timetable) = &mut lease.timetable {
            let now = Now::read();
            timetable.handle(input, now);
            while let Some(output) = timetable.poll_output() {
                match output {
                    Output::Run(index) => runs.extend(self.run_of(index, console)),
                    Output::Skipped(index, skipped) => self.skipped(index, skipped),
                }
            }
            let deadline = timetable.deadline(now);
            input = tokio::select! {
                Some(index) = runs.next() => Input::Ended(index),
                () = due(deadline) => Input::Tick,
            };
        }
    }

    fn run_of(&self, index: usize, console: &Console) -> Option<impl Future<Output = usize>> {
        let (name, entry) = self.entries.get(index)?;
        count(&entry.counts.runs, 1);
        debug!(entry = &**name, "a scheduled run begins");
        let running = Running {
            entry: Arc::clone(entry),
            has_ended: false,
        };
        let work = catch_panic((entry.action)(console.clone()));
        Some(async move {
            let failure = match work.await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(FailureKind::Failed(chain(&*error).to_string())),
                Err(panic) => Some(FailureKind::Panicked(panic)),
            };
            running.ended();
            if let Some(kind) = failure {
                self.failed(index, console, kind);
            }
            index
        })
    }

    fn failed(&self, index: usize, console: &Console, kind: FailureKind) {
        let Some((name, entry)) = self.entries.get(index) else {
            return;
        };
        let failure = ScheduleFailure {
            entry: Arc::clone(name),
            console: console.label(),
            count: count(&entry.counts.failures, 1),
            kind,
        };
        warn!(
            console = &*failure.console,
            "a scheduled run has failed: {failure}"
        );
        for report in &self.reports {
            if let Err(panic) = catch_panic_in(|| report(&failure)) {
                warn!(%panic, "a report of a failed run has panicked");
            }
        }
    }

    fn skipped(&self, index: usize, skipped: u64) {
        if let Some((name, entry)) = self.entries.get(index) {
            count(&entry.counts.skipped, skipped);
            debug!(entry = &**name, skipped, "scheduled runs are skipped");
        }
    }
}

/// Adds to a count, and returns the sum.
fn count(count: &AtomicU64, more: u64) -> u64 {
    count.fetch_add(more, Ordering::Relaxed) + more
}
