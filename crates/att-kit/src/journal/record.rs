//! The task that records one console. It decides the order of entries; the output decides how they are written.

use super::counters::Counters;
use super::entry::{Entry, EntryKind};
use super::output::Output;
use super::states::States;
use crate::clock::deadline_after;
use alta_model::{Redactor, Timestamp};
use att_console::{Event, Missed, Statuses, Subscription, WeakConsole};
use futures_util::FutureExt as _;
use serde_json::Value;
use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, watch};
use tracing::error;

/// The most entries that are written at once.
const BATCH: usize = 256;

/// The pause after a failed write, doubled with each failure in a row up to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

pub(super) struct Recorder {
    pub(super) label: Arc<str>,
    pub(super) console: WeakConsole,
    pub(super) redactor: Redactor,
    pub(super) events: Subscription<Value>,
    pub(super) states: States,
    /// They end when the console is closed.
    pub(super) closed: Statuses,
    pub(super) output: Arc<AsyncMutex<Output>>,
    pub(super) counters: Arc<Counters>,
    /// True when a stop is requested.
    pub(super) stop: watch::Receiver<bool>,
    /// The time for the last entries, after the end.
    pub(super) end_timeout: Duration,
    /// The entries that are being written.
    pub(super) batch: VecDeque<Entry>,
    /// The time of the last event, or of the start.
    pub(super) last_event: Timestamp,
}

/// The last entries of a recording could not be written.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub(super) events: u64,
    pub(super) because: io::Error,
}

type Item = Result<Event<Value>, Missed>;

enum Next {
    Stop,
    /// A change of the state is noted.
    State,
    Item(Item),
    Closed,
}

impl Recorder {
    /// Records until the console is closed or a stop is requested. Then everything that has arrived is written, with the gap
    /// that is still open. Fails if it could not be written in time.
    pub(super) async fn run(mut self) -> Result<(), Unwritten> {
        let gives_up = gives_up(self.stop.clone(), self.closed.clone(), self.end_timeout);
        let because = tokio::select! {
            biased;
            result = self.record() => match result {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            () = gives_up => self.timed_out(),
        };
        let events = self.unwritten();
        let label = self.label();
        error!(console = %label, events, error = %because, "the end of a journal could not be written");
        if events > 0
            // A write that hangs has the output: the caller learns of the loss, the file does not.
            && let Ok(mut output) = self.output.try_lock()
        {
            output.mark(Entry::lagged(label, events, self.last_event));
        }
        Err(Unwritten { events, because })
    }

    async fn record(&mut self) -> io::Result<()> {
        let mut has_ended = false;
        self.push(EntryKind::Started);
        while !has_ended {
            let next = tokio::select! {
                biased;
                _ = self.stop.wait_for(|is_requested| *is_requested) => Next::Stop,
                () = self.states.noted() => Next::State,
                item = self.events.next() => item.map_or(Next::Closed, Next::Item),
            };
            match next {
                Next::Stop => has_ended = true,
                Next::State => {}
                Next::Item(item) => self.add(item),
                Next::Closed => {
                    self.states.note_all().await;
                    has_ended = true;
                }
            }
            self.drain(has_ended);
            if has_ended {
                if let Some(since) = self.events.interrupted_since() {
                    self.push(EntryKind::Gap { since, until: None });
                }
                self.push(EntryKind::Stopped);
            }
            self.write().await;
        }
        self.output.lock().await.sync().await
    }

    /// Adds the entries that have arrived, up to the size of a batch; all of them at the end.
    fn drain(&mut self, is_end: bool) {
        let most = if is_end {
            // Those that arrive now are later than the end.
            self.batch.len() + self.events.queued()
        } else {
            BATCH
        };
        let mut has_all = is_end;
        while self.batch.len() < most {
            let Some(Some(item)) = self.events.next().now_or_never() else {
                has_all = true;
                break;
            };
            self.add(item);
        }
        if has_all {
            while let Some((at, state)) = self.states.next() {
                self.batch.push_back(Entry::state(at, self.label(), &state));
            }
        }
    }

    fn add(&mut self, item: Item) {
        let time = match &item {
            Ok(event) => event.received(),
            Err(Missed::Gap { until, .. }) => *until,
            Err(_) => self.last_event,
        };
        while let Some((at, state)) = self.states.before(time) {
            self.batch.push_back(Entry::state(at, self.label(), &state));
        }
        let entry = match item {
            Ok(event) => {
                let last = self.batch.back_mut().map(|last| &mut last.kind);
                if let Some(EntryKind::Lagged { until, .. }) = last {
                    *until = time;
                }
                self.last_event = time;
                Entry::event(event)
            }
            Err(missed) => Entry::missed(self.label(), missed, self.last_event),
        };
        self.batch.push_back(entry);
    }

    fn push(&mut self, kind: EntryKind) {
        self.batch.push_back(Entry::new(self.label(), kind));
    }

    /// The label can change while the console is open.
    fn label(&self) -> Arc<str> {
        let label = self.console.upgrade().map(|console| console.label());
        label.unwrap_or_else(|| Arc::clone(&self.label))
    }

    /// Writes the batch, again and again if that fails. Meanwhile changes of the state are noted.
    async fn write(&mut self) {
        let Self {
            output,
            batch,
            redactor,
            counters,
            states,
            ..
        } = self;
        let mut writing = pin!(async {
            let mut pause = RETRY.0;
            while !batch.is_empty() {
                let written = output.lock().await.write(batch, redactor, counters).await;
                if let Err(error) = written {
                    *counters.problem() = Some(error.to_string());
                    tokio::time::sleep_until(deadline_after(pause)).await;
                    pause = (pause * 2).min(RETRY.1);
                }
            }
        });
        loop {
            tokio::select! {
                biased;
                () = &mut writing => return,
                () = states.note() => {}
            }
        }
    }

    /// The number of events that were not written.
    fn unwritten(&mut self) -> u64 {
        // The queue alone: the console can still be open.
        let (mut events, queued) = (0, self.events.queued());
        for _ in 0..queued {
            match self.events.next().now_or_never() {
                Some(Some(item)) => self.add(item),
                _ => break,
            }
        }
        for entry in self.batch.drain(..) {
            events += entry.weight();
        }
        events
    }

    fn timed_out(&self) -> io::Error {
        let problem = self.counters.problem().clone();
        let problem = problem.unwrap_or_else(|| "the last write has not ended".to_owned());
        let message = format!("{problem} (tried for {:?})", self.end_timeout);
        io::Error::new(io::ErrorKind::TimedOut, message)
    }
}

/// Ends this much time after a stop was requested or the console was closed.
async fn gives_up(mut stop: watch::Receiver<bool>, mut statuses: Statuses, end_timeout: Duration) {
    let closed = async { while statuses.next().await.is_some() {} };
    tokio::select! {
        _ = stop.wait_for(|is_requested| *is_requested) => {}
        () = closed => {}
    }
    tokio::time::sleep_until(deadline_after(end_timeout)).await;
}
