//! The destination of entries: a file, whose writes are repeated until they succeed, or a function of the program.

use super::counters::Counters;
use super::entry::Entry;
use super::file::LineFile;
use crate::handlers::Work;
use crate::panics::{catch_panic, catch_panic_in};
use alta_model::Redactor;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::{info, warn};

pub(super) type Function = Arc<dyn Fn(Entry) -> Work + Send + Sync>;

/// The most marks of lost entries that wait for the next write.
const MOST_MARKS: usize = 64;

pub(super) struct Output {
    destination: Destination,
    /// The marks of recordings that could not write their last entries.
    marks: Vec<Entry>,
    /// The problem of the last write: only its first occurrence and its end are logged.
    problem: Option<String>,
}

enum Destination {
    /// Locked only by threads for blocking calls. A write that hangs keeps its thread.
    File(Arc<Mutex<LineFile>>),
    Function(Function),
}

impl Output {
    pub(super) fn file(file: LineFile) -> Self {
        Self::new(Destination::File(Arc::new(Mutex::new(file))))
    }

    pub(super) fn function(function: Function) -> Self {
        Self::new(Destination::Function(function))
    }

    fn new(destination: Destination) -> Self {
        Self {
            destination,
            marks: Vec::new(),
            problem: None,
        }
    }

    /// Passes entries on, in order, after the marks of lost entries, and removes them. After an error, they can be written again.
    ///
    /// Not cancel safe: entries that remain may have been written, or may be written later.
    pub(super) async fn write(
        &mut self,
        entries: &mut VecDeque<Entry>,
        redactor: &Redactor,
        counters: &Counters,
    ) -> io::Result<()> {
        match &self.destination {
            Destination::File(file) => {
                let lines = lines(self.marks.iter().chain(&*entries), redactor);
                let written = blocking(file, move |file| {
                    let written = file.append(&lines);
                    let path = file.path().display().to_string();
                    (
                        path,
                        written,
                        file.rotation_error().map(io::Error::to_string),
                    )
                });
                let (path, written, rotation) = written.await?;
                self.note(&path, written.as_ref().err(), rotation.as_deref());
                written?;
                *counters.problem() = rotation;
                self.marks.clear();
                entries.drain(..).for_each(|entry| counters.count(&entry));
            }
            Destination::Function(function) => {
                for mark in self.marks.drain(..) {
                    call(function, mark, counters).await;
                }
                while let Some(entry) = entries.front() {
                    call(function, entry.clone(), counters).await;
                    counters.count(entry);
                    entries.pop_front();
                }
            }
        }
        Ok(())
    }

    /// Writes everything to the disk.
    pub(super) async fn sync(&self) -> io::Result<()> {
        match &self.destination {
            Destination::File(file) => blocking(file, LineFile::sync).await?,
            Destination::Function(_) => Ok(()),
        }
    }

    /// Adds a mark of lost entries, for the next write of any recording.
    pub(super) fn mark(&mut self, mark: Entry) {
        if self.marks.len() < MOST_MARKS {
            self.marks.push(mark);
        }
    }

    /// Logs a problem that is new, and its end.
    fn note(&mut self, path: &str, error: Option<&io::Error>, rotation: Option<&str>) {
        let problem = error.map(io::Error::to_string);
        let problem = problem.or_else(|| rotation.map(str::to_owned));
        match &problem {
            Some(problem) if self.problem.is_none() => {
                let consequence = match error {
                    Some(_) => "a journal cannot be written; it is tried again",
                    None => "a journal cannot be rotated; the file grows",
                };
                warn!(path, problem, "{consequence}");
            }
            None if self.problem.is_some() => info!(path, "a journal is written again"),
            _ => {}
        }
        self.problem = problem;
    }
}

async fn call(function: &Function, entry: Entry, counters: &Counters) {
    let accepted = async {
        let work = catch_panic_in(|| function(entry))?;
        let result = catch_panic(work).await?;
        result.map_err(|error| error.to_string())
    };
    if let Err(problem) = accepted.await {
        warn!(problem, "an entry of a journal was not accepted");
        counters.count_failure();
    }
}

fn lines<'a>(entries: impl Iterator<Item = &'a Entry>, redactor: &Redactor) -> Vec<u8> {
    let mut lines = Vec::new();
    for entry in entries {
        // An entry has string keys only, so this cannot fail.
        let line = serde_json::to_string(entry).unwrap_or_default();
        lines.extend_from_slice(redactor.redact(&line).as_bytes());
        lines.push(b'\n');
    }
    lines
}

/// Runs a blocking function of the file on a thread for that.
async fn blocking<T: Send + 'static>(
    file: &Arc<Mutex<LineFile>>,
    work: impl FnOnce(&mut LineFile) -> T + Send + 'static,
) -> io::Result<T> {
    let file = Arc::clone(file);
    let work = move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner));
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)
}
