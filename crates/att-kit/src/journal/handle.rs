use super::counters::Counters;
use super::entry::Entry;
use super::file::{LineFile, Rotation};
use super::output::Output;
use super::record::{Recorder, Unwritten};
use super::states::States;
use crate::error::{Error, ErrorKind};
use crate::handler_fn::Outcome;
use alta_model::Timestamp;
use att_console::{Console, EventName, Overflow};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

/// The default of [`Journal::end_timeout`].
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Records consoles; see [the module](super). Clones, and all its recordings, write to the same file or function.
#[derive(Clone)]
pub struct Journal {
    /// The one output of all recordings.
    output: Arc<Mutex<Output>>,
    /// The file; `None` for a function.
    path: Option<Arc<Path>>,
    /// `None` for all events.
    only: Option<Arc<[EventName]>>,
    end_timeout: Duration,
}

impl Journal {
    /// Appends JSON lines to a file, which is created with its folder when the first entry is written.
    ///
    /// A write that fails, because the disk is full for example, is repeated until it succeeds, after the end of the recording for
    /// [`end_timeout`](Self::end_timeout). Meanwhile events wait in the queue of the stream (8 MiB or 65,536 events by default); more
    /// than these are dropped, and counted in the journal at their place. A file that another program renames, deletes or empties is
    /// created again.
    pub fn to_file(path: impl Into<PathBuf>) -> Self {
        Self::to_line_file(LineFile::new(path.into(), None))
    }

    /// The same with files of at most so many bytes: a full one is renamed to `NAME.1`, the one before to `NAME.2`, and so on, and
    /// `keep` of them are kept. If a file cannot be renamed, it grows, until it can be renamed; [`Written::problem`] says so.
    pub fn to_rotated_file(path: impl Into<PathBuf>, bytes: u64, keep: usize) -> Self {
        let rotation = Rotation { bytes, keep };
        Self::to_line_file(LineFile::new(path.into(), Some(rotation)))
    }

    /// Calls a function for each entry, one call after another. A slow function delays only the journal; events wait as for
    /// [`to_file`](Self::to_file). A call that fails or panics is logged and counted, and not repeated.
    pub fn to_function<Fut>(write: impl Fn(Entry) -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        let function = move |entry| {
            let writing = write(entry);
            Box::pin(async move { writing.await.result() }) as _
        };
        Self::new(Output::function(Arc::new(function)), None)
    }

    pub(super) fn to_line_file(file: LineFile) -> Self {
        let path = Arc::from(file.path());
        Self::new(Output::file(file), Some(path))
    }

    fn new(output: Output, path: Option<Arc<Path>>) -> Self {
        Self {
            output: Arc::new(Mutex::new(output)),
            path,
            only: None,
            end_timeout: END_TIMEOUT,
        }
    }

    /// Sets the time for which a recording tries to write its last entries, after its console was closed or a stop was requested:
    /// 5 s by default. After it, the recording ends with [`ErrorKind::Journal`], which counts the events that are not written.
    #[must_use]
    pub fn end_timeout(mut self, timeout: Duration) -> Self {
        self.end_timeout = timeout;
        self
    }

    /// Records only events with these names, in any case, beside gaps and states. Otherwise all events are recorded.
    #[must_use]
    pub fn only<N: Into<EventName>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Starts to record a console. The recording does not hold the console open; it ends with it, or by
    /// [`Recording::stop`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn record(&self, console: &Console) -> Recording {
        let events = match &self.only {
            Some(names) => console.subscribe_to(names.iter().cloned()),
            None => console.subscribe_to_everything(),
        };
        let counters = Arc::new(Counters::default());
        let (stop, stopped) = watch::channel(false);
        let recorder = Recorder {
            label: console.label(),
            console: console.downgrade(),
            redactor: console.redactor().clone(),
            // A full queue must not end the recording, whatever the rule of the console.
            events: events
                .with_own_commands()
                .overflow(Overflow::DropOldest)
                .start(),
            states: States::new(console.statuses()),
            closed: console.statuses(),
            output: Arc::clone(&self.output),
            counters: Arc::clone(&counters),
            stop: stopped,
            end_timeout: self.end_timeout,
            batch: VecDeque::new(),
            last_event: Timestamp::now(),
        };
        Recording {
            task: tokio::spawn(recorder.run()),
            stop,
            counters,
            path: self.path.clone(),
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .field("only", &self.only)
            .finish_non_exhaustive()
    }
}

/// The recording of one console by a [`Journal`]. When it is dropped, the recording stops as by [`stop`](Self::stop), in the
/// background.
#[derive(Debug)]
#[must_use = "a recording stops when it is dropped"]
pub struct Recording {
    task: JoinHandle<Result<(), Unwritten>>,
    stop: watch::Sender<bool>,
    counters: Arc<Counters>,
    path: Option<Arc<Path>>,
}

/// The counters of a [`Recording`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The entries that were written or passed to the function.
    pub entries: u64,
    /// The events that were dropped because the journal could not be written fast enough. The journal names each place.
    pub missed: u64,
    /// The gaps in which the connection was lost.
    pub gaps: u64,
    /// The failed calls of the function.
    pub failures: u64,
    /// The error of the last write or rotation of the file; `None` if both succeeded.
    pub problem: Option<String>,
}

impl Recording {
    /// The counters as of now.
    pub fn written(&self) -> Written {
        let counters = &self.counters;
        Written {
            entries: counters.entries.load(Ordering::Relaxed),
            missed: counters.missed.load(Ordering::Relaxed),
            gaps: counters.gaps.load(Ordering::Relaxed),
            failures: counters.failures.load(Ordering::Relaxed),
            problem: counters.problem().clone(),
        }
    }

    /// Stops, after the events that have arrived and the gap that is still open were written to the disk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Journal`] if they could not be written within [`Journal::end_timeout`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the recording stops in the background.
    pub async fn stop(self) -> Result<Written, Error> {
        self.stop.send_replace(true);
        self.ended().await
    }

    /// Waits until the console is closed and everything is written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Journal`] if the last entries could not be written within [`Journal::end_timeout`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the recording stops in the background.
    pub async fn ended(mut self) -> Result<Written, Error> {
        let ended = (&mut self.task).await;
        let result = ended.unwrap_or_else(|error| {
            let because = io::Error::other(error);
            Err(Unwritten { events: 0, because })
        });
        result.map_err(|Unwritten { events, because }| {
            let doing = match &self.path {
                Some(path) => format!("writing the journal {}", path.display()),
                None => "writing a journal".to_owned(),
            };
            Error::new(ErrorKind::Journal { unwritten: events }, doing).caused_by(because)
        })?;
        Ok(self.written())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
