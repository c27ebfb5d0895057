//! The thread that writes the file.

use super::line::{Header, Line, VERSION};
use crate::anonymize;
use crate::failure::{Failure, Status};
use pytale::model::Timestamp;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;

/// The most bytes of frames in an anonymized transcript: all of them must be known before the first one is written.
const MOST_ANONYMIZED: usize = 64 << 20;

/// The new file.
pub(super) struct Target {
    path: PathBuf,
    file: File,
}

impl Target {
    /// Creates the file, readable by its owner alone. A file that has content is not overwritten.
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let is_in_use = path
            .metadata()
            .is_ok_and(|found| found.is_dir() || (found.is_file() && found.len() > 0));
        if is_in_use {
            return Err(Failure::usage(format!("{} exists", path.display()))
                .advice("name another file, or remove this one"));
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            Failure::io(
                format!("creating the transcript {}", path.display()),
                &error,
            )
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    fn failure(path: &Path, error: &io::Error) -> Failure {
        let failure = Failure::io(format!("writing the transcript {}", path.display()), error);
        let is_full = matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded
        );
        let failure = failure.of("the recording has ended");
        if is_full {
            failure.advice("free some space, and record again")
        } else {
            failure
        }
    }
}

/// Writes lines until the last sender is gone. Returns the number of frames.
pub(super) fn write(
    target: Target,
    lines: &Receiver<Line>,
    waiting: &AtomicUsize,
    anonymize: bool,
) -> Result<u64, Failure> {
    let Target { path, file } = target;
    let mut out = Out {
        file: BufWriter::new(file),
        frames: 0,
    };
    let failed = |error: io::Error| Target::failure(&path, &error);
    out.header().map_err(failed)?;
    if anonymize {
        for line in anonymized(lines, waiting)? {
            out.line(&line).map_err(failed)?;
        }
    } else {
        while let Ok(first) = lines.recv() {
            for line in std::iter::once(first).chain(lines.try_iter()) {
                waiting.fetch_sub(length(&line), Ordering::Relaxed);
                out.line(&line).map_err(failed)?;
            }
            // A program that is killed leaves what has happened before.
            out.file.flush().map_err(failed)?;
        }
    }
    out.file.flush().map_err(failed)?;
    Ok(out.frames)
}

struct Out {
    file: BufWriter<File>,
    frames: u64,
}

impl Out {
    fn header(&mut self) -> io::Result<()> {
        self.json(&Header {
            transcript: VERSION,
            started: Timestamp::now().to_string(),
        })?;
        self.file.flush()
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        self.frames += u64::from(matches!(line, Line::Frame { .. }));
        self.json(line)
    }

    fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, value)?;
        self.file.write_all(b"\n")
    }
}

/// All lines, after the last one has come, with their frames anonymized.
fn anonymized(lines: &Receiver<Line>, waiting: &AtomicUsize) -> Result<Vec<Line>, Failure> {
    let (mut kept, mut bytes) = (Vec::new(), 0);
    for line in lines {
        waiting.fetch_sub(length(&line), Ordering::Relaxed);
        bytes += length(&line);
        if bytes > MOST_ANONYMIZED {
            let message = format!(
                "more than {} MiB cannot be anonymized",
                MOST_ANONYMIZED >> 20
            );
            return Err(
                Failure::new(Status::Failed, message).advice("record less, or without --anonymize")
            );
        }
        kept.push(line);
    }
    let frames = kept.iter().filter_map(|line| match line {
        Line::Frame { frame, .. } => Some(frame.as_str()),
        Line::Missed { .. } | Line::Disconnected { .. } => None,
    });
    let replaced = anonymize::frames(frames).map_err(|error| {
        Failure::new(
            Status::Failed,
            format!("anonymizing the transcript: {error}"),
        )
        .advice("record again without --anonymize, and edit the file")
    })?;
    let mut replaced = replaced.into_iter();
    for line in &mut kept {
        if let Line::Frame { frame, .. } = line {
            *frame = replaced.next().unwrap_or_default();
        }
    }
    Ok(kept)
}

fn length(line: &Line) -> usize {
    match line {
        Line::Frame { frame, .. } => frame.len(),
        Line::Missed { .. } | Line::Disconnected { .. } => 0,
    }
}
