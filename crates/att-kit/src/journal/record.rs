//! The task that records one console. It decides the order of entries; the output decides how they are written.

use super::entry::{Entry, EntryKind};
use super::output::{Outcome, Output};
use crate::clock::deadline_after;
use alta_model::Redactor;
use att_console::{Event, Missed, State, Status, Statuses, Subscription, WeakConsole};
use futures_util::FutureExt as _;
use serde_json::Value;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, watch};

/// The most entries that are written at once.
const BATCH: usize = 256;

/// The pause after a failed write, doubled with each failure in a row up to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The counters of a recording.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) entries: AtomicU64,
    pub(super) missed: AtomicU64,
    pub(super) gaps: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) problem: Mutex<Option<String>>,
}

pub(super) struct Recorder {
    pub(super) label: Arc<str>,
    pub(super) console: WeakConsole,
    pub(super) redactor: Redactor,
    pub(super) events: Subscription<Value>,
    /// `None` when the console is closed.
    pub(super) statuses: Option<Statuses>,
    pub(super) output: Arc<AsyncMutex<Output>>,
    pub(super) counters: Arc<Counters>,
    /// True when a stop is requested.
    pub(super) stop: watch::Receiver<bool>,
}

type Item = Result<Event<Value>, Missed>;

enum Next {
    Stop,
    Status(Status),
    Item(Item),
}

impl Recorder {
    /// Records until the console is closed or a stop is requested. Then everything that has arrived is written, with the gap
    /// that is still open. Fails if it could not be written.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let mut has_ended = false;
        let mut connected = None;
        while !has_ended {
            let mut batch = Vec::new();
            let next = tokio::select! {
                biased;
                _ = self.stop.wait_for(|is_requested| *is_requested) => Next::Stop,
                status = next(&mut self.statuses) => Next::Status(status),
                item = self.events.next() => item.map_or(Next::Stop, Next::Item),
            };
            match next {
                Next::Stop => has_ended = true,
                Next::Status(status) => batch.extend(self.state(&status, &mut connected)),
                Next::Item(item) => batch.push(self.entry(item)),
            }
            self.drain(&mut batch, has_ended);
            if has_ended {
                batch.extend(self.open_gap());
            }
            self.write(batch).await?;
        }
        self.output.lock().await.sync().await
    }

    /// Adds the entries that have arrived, up to the size of a batch; all of them at the end.
    fn drain(&mut self, batch: &mut Vec<Entry>, is_end: bool) {
        let most = if is_end {
            // Those that arrive now are later than the end.
            batch.len() + self.events.queued()
        } else {
            BATCH
        };
        while batch.len() < most
            && let Some(Some(item)) = self.events.next().now_or_never()
        {
            batch.push(self.entry(item));
        }
    }

    fn entry(&self, item: Item) -> Entry {
        match item {
            Ok(event) => Entry::event(event),
            Err(missed) => Entry::missed(self.label(), missed),
        }
    }

    /// The label can change while the console is open.
    fn label(&self) -> Arc<str> {
        let label = self.console.upgrade().map(|console| console.label());
        label.unwrap_or_else(|| Arc::clone(&self.label))
    }

    /// An entry if the console has connected, was lost or is closed.
    fn state(&self, status: &Status, connected: &mut Option<bool>) -> Option<Entry> {
        let is_connected = status.state.is_connected();
        let before = connected.replace(is_connected);
        let is_news = match &status.state {
            State::Closed { .. } => true,
            _ => before.map_or(is_connected, |before| before != is_connected),
        };
        is_news.then(|| Entry::state(self.label(), &status.state))
    }

    fn open_gap(&self) -> Option<Entry> {
        let since = self.events.interrupted_since()?;
        let kind = EntryKind::Gap { since, until: None };
        Some(Entry::new(self.label(), kind))
    }

    /// Writes entries, again and again if that fails. After a stop was requested, only once more.
    async fn write(&mut self, batch: Vec<Entry>) -> io::Result<()> {
        let mut pause = RETRY.0;
        while !batch.is_empty() {
            let is_last = *self.stop.borrow();
            let outcome = self.output.lock().await.write(&batch, &self.redactor).await;
            match outcome {
                Outcome::Done { failures } => {
                    self.counters.count(&batch, failures);
                    break;
                }
                Outcome::Failed(error) if is_last => return Err(error),
                Outcome::Failed(error) => self.counters.failed(&error),
            }
            let retry = tokio::time::sleep_until(deadline_after(pause));
            tokio::select! {
                () = retry => {}
                _ = self.stop.wait_for(|is_requested| *is_requested) => {}
            }
            pause = (pause * 2).min(RETRY.1);
        }
        Ok(())
    }
}

/// The next status; pending for ever after the last one.
async fn next(statuses: &mut Option<Statuses>) -> Status {
    if let Some(open) = statuses {
        if let Some(status) = open.next().await {
            return status;
        }
        *statuses = None;
    }
    std::future::pending().await
}

impl Counters {
    fn count(&self, batch: &[Entry], failures: u64) {
        for entry in batch {
            match &entry.kind {
                EntryKind::Lagged { count } => add(&self.missed, *count),
                EntryKind::Gap { .. } => add(&self.gaps, 1),
                _ => {}
            }
        }
        add(&self.entries, batch.len() as u64);
        add(&self.failures, failures);
        *self.problem() = None;
    }

    fn failed(&self, error: &io::Error) {
        *self.problem() = Some(error.to_string());
    }

    pub(super) fn problem(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
