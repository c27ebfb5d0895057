//! Where entries go: a file, whose writes are repeated until they succeed, or a function of the program.

use super::entry::Entry;
use super::file::LineFile;
use crate::handlers::Work;
use crate::panics::{catch_panic, catch_panic_in};
use alta_model::Redactor;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tracing::{info, warn};

pub(super) type Function = Arc<dyn Fn(Entry) -> Work + Send + Sync>;

pub(super) enum Output {
    /// `None` while a thread writes it, and for ever if that thread panicked.
    File(Option<LineFile>, Health),
    Function(Function),
}

/// Whether the last write has failed: only the first failure and the first success after it are logged.
#[derive(Default)]
pub(super) struct Health {
    is_failing: bool,
}

/// The outcome of a write.
pub(super) enum Outcome {
    /// All entries were passed on; so many calls of the function failed.
    Done { failures: u64 },
    /// Nothing was written. The same entries can be written again.
    Failed(io::Error),
}

impl Output {
    /// Passes entries on, in order.
    ///
    /// Not cancel safe: the lines of a file may have been written.
    pub(super) async fn write(&mut self, entries: &[Entry], redactor: &Redactor) -> Outcome {
        match self {
            Self::File(file, health) => {
                let written = append(file, lines(entries, redactor)).await;
                health.note(file.as_ref().map(LineFile::path), written.as_ref().err());
                match written {
                    Ok(()) => Outcome::Done { failures: 0 },
                    Err(error) => Outcome::Failed(error),
                }
            }
            Self::Function(function) => {
                let mut failures = 0;
                for entry in entries {
                    let Err(problem) = call(function, entry.clone()).await else {
                        continue;
                    };
                    warn!(problem, "an entry of a journal was not accepted");
                    failures += 1;
                }
                Outcome::Done { failures }
            }
        }
    }

    /// Writes everything to the disk.
    pub(super) async fn sync(&mut self) -> io::Result<()> {
        match self {
            Self::File(file, _) => blocking(file, LineFile::sync).await,
            Self::Function(_) => Ok(()),
        }
    }
}

impl Health {
    fn note(&mut self, path: Option<&Path>, error: Option<&io::Error>) {
        let path = path.map(|path| path.display().to_string());
        match error {
            Some(error) if !self.is_failing => {
                warn!(path, %error, "a journal cannot be written; it is tried again");
            }
            None if self.is_failing => info!(path, "a journal is written again"),
            _ => {}
        }
        self.is_failing = error.is_some();
    }
}

async fn call(function: &Function, entry: Entry) -> Result<(), String> {
    let work = catch_panic_in(|| function(entry))?;
    let result = catch_panic(work).await?;
    result.map_err(|error| error.to_string())
}

fn lines(entries: &[Entry], redactor: &Redactor) -> Vec<u8> {
    let mut lines = Vec::new();
    for entry in entries {
        // An entry has string keys only, so this cannot fail.
        let line = serde_json::to_string(entry).unwrap_or_default();
        lines.extend_from_slice(redactor.redact(&line).as_bytes());
        lines.push(b'\n');
    }
    lines
}

async fn append(file: &mut Option<LineFile>, lines: Vec<u8>) -> io::Result<()> {
    blocking(file, move |file| file.append(&lines)).await
}

/// Runs a blocking function of the file on a thread for that.
async fn blocking<T: Send + 'static>(
    file: &mut Option<LineFile>,
    work: impl FnOnce(&mut LineFile) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let Some(mut taken) = file.take() else {
        return Err(io::Error::other("a write of this file has panicked"));
    };
    let done = tokio::task::spawn_blocking(move || {
        let result = work(&mut taken);
        (taken, result)
    });
    let (returned, result) = done.await.map_err(io::Error::other)?;
    *file = Some(returned);
    result
}
