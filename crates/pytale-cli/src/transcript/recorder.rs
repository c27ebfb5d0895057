//! The part that takes the frames from the connection. It must not wait for the file.

use super::ends::NoticesEnds;
use super::line::{Line, Way};
use super::writer::{self, Target};
use crate::failure::Failure;
use crate::server::dialer;
use pytale::console::Config;
use pytale::socket::Observer;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;
use tokio::sync::oneshot;

/// The most bytes of frames that wait for the file. Further ones are counted as missed.
const MOST_WAITING: usize = 64 << 20;

/// Records the frames of a connection, into at most one file at a time.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_on: AtomicBool,
    current: Mutex<Option<Current>>,
}

struct Current {
    started: Instant,
    lines: mpsc::Sender<Line>,
    /// The bytes of the lines that are not written.
    waiting: Arc<AtomicUsize>,
    missed: usize,
}

impl Current {
    /// The seconds since the start, in milliseconds.
    fn at(&self) -> f64 {
        (self.started.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0
    }

    /// Returns false if the writer has ended.
    fn disconnected(&mut self) -> bool {
        let (at, disconnected) = (self.at(), true);
        let line = Line::Disconnected { at, disconnected };
        self.lines.send(line).is_ok()
    }

    /// Returns false if the writer has ended.
    fn take(&mut self, direction: Way, frame: &str) -> bool {
        let at = self.at();
        if self
            .waiting
            .load(Ordering::Relaxed)
            .saturating_add(frame.len())
            > MOST_WAITING
        {
            self.missed += 1;
            return true;
        }
        if self.missed > 0 {
            let missed = std::mem::take(&mut self.missed);
            if self.lines.send(Line::Missed { at, missed }).is_err() {
                return false;
            }
        }
        self.waiting.fetch_add(frame.len(), Ordering::Relaxed);
        let frame = frame.to_owned();
        let line = Line::Frame {
            at,
            direction,
            frame,
        };
        self.lines.send(line).is_ok()
    }
}

impl Recorder {
    /// The configuration of a console whose frames and disconnections are seen.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let (is_on, shared) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let observer = Observer::new(move |direction, frame| {
            shared.with(|current| current.take(direction.into(), frame));
        });
        let observer = observer
            .whole_frames()
            .only_while(move || is_on.is_on.load(Ordering::Relaxed));
        let shared = Arc::clone(&self.shared);
        let dialer = NoticesEnds::new(dialer()?, move || shared.with(Current::disconnected));
        Ok(Config::default()
            .observer(observer)
            .dialer(Arc::new(dialer)))
    }

    /// Begins a new file, and records into it from now on.
    pub(crate) fn start(&self, path: &Path, anonymize: bool) -> Result<Recording, Failure> {
        let target = Target::create(path)?;
        let (lines, received) = mpsc::channel();
        let (sender, result) = oneshot::channel();
        let waiting = Arc::<AtomicUsize>::default();
        let current = Current {
            started: Instant::now(),
            lines,
            waiting: Arc::clone(&waiting),
            missed: 0,
        };
        thread::spawn(move || {
            // Nobody waits after the end of the program.
            let _ = sender.send(writer::write(target, &received, &waiting, anonymize));
        });
        self.shared.set(Some(current));
        Ok(Recording {
            recorder: self.clone(),
            path: path.to_owned(),
            result,
        })
    }
}

impl Shared {
    fn set(&self, current: Option<Current>) {
        self.is_on.store(current.is_some(), Ordering::Relaxed);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = current;
    }

    /// Calls a function with the current file, if there is one. The recording ends if the function returns false.
    fn with(&self, take: impl FnOnce(&mut Current) -> bool) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_mut().is_some_and(|current| !take(current)) {
            self.is_on.store(false, Ordering::Relaxed);
            *current = None;
        }
    }
}

/// A file that is being recorded.
pub(crate) struct Recording {
    recorder: Recorder,
    path: PathBuf,
    result: oneshot::Receiver<Result<u64, Failure>>,
}

impl Recording {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the end of the file, which comes before [`end`](Self::end) only if it cannot be written. Returns the number of
    /// frames.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(crate) async fn ended(&mut self) -> Result<u64, Failure> {
        match (&mut self.result).await {
            Ok(result) => result,
            // The thread does not panic; a failure that is not told must not look like a success.
            Err(_) => std::future::pending().await,
        }
    }

    /// Ends the recording. Returns the number of frames in the file.
    pub(crate) async fn end(mut self) -> Result<u64, Failure> {
        self.recorder.shared.set(None);
        self.ended().await
    }

    /// Ends the recording, and removes its file.
    pub(crate) async fn discard(self) {
        let path = self.path.clone();
        let _ = self.end().await;
        // Not a device, which was there before.
        if path.is_file() {
            let _ = std::fs::remove_file(path);
        }
    }
}
