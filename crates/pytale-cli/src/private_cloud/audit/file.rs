//! The files of the audit log: the current one, and older ones with a number in their names.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// More than the bytes of the longest line.
const LONGEST: u64 = 1024 * 1024;

/// The limits of the files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The size in bytes at which a new file begins.
    pub(super) size: u64,
    /// The number of older files that are kept.
    pub(super) keep: u32,
}

/// The current file.
#[derive(Debug)]
pub(super) struct Files {
    path: PathBuf,
    limits: Limits,
    /// `None` after a failure.
    file: Option<File>,
    size: u64,
}

impl Files {
    pub(super) fn open(path: &Path, limits: Limits) -> io::Result<Self> {
        let mut files = Self {
            path: path.to_owned(),
            limits,
            file: None,
            size: 0,
        };
        files.reopen()?;
        Ok(files)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line. A line that was written in part before a failure is removed first.
    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        if self.size > 0 && self.size.saturating_add(line.len() as u64) > self.limits.size {
            self.rotate()?;
        }
        if self.file.is_none() {
            self.reopen()?;
        }
        let Some(file) = &mut self.file else {
            return Err(io::ErrorKind::NotFound.into());
        };
        match file.write_all(line.as_bytes()) {
            Ok(()) => {
                self.size += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Opening it again removes the part of the line.
                self.file = None;
                Err(error)
            }
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        remove_torn_line(&self.path)?;
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;

            options.mode(0o600);
        }
        let file = options.open(&self.path)?;
        self.size = file.metadata()?.len();
        self.file = Some(file);
        Ok(())
    }

    /// Renames the files, so that a new one begins. The oldest is removed.
    fn rotate(&mut self) -> io::Result<()> {
        self.file = None;
        for number in (0..self.limits.keep).rev() {
            let from = self.numbered(number);
            match fs::rename(&from, self.numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.limits.keep == 0 {
            fs::remove_file(&self.path)?;
        }
        self.reopen()
    }

    /// `audit.jsonl`, `audit.jsonl.1`, `audit.jsonl.2`, …
    fn numbered(&self, number: u32) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// Removes a last line without an end: the program or the machine ended while it was written, so its command did not run.
fn remove_torn_line(path: &Path) -> io::Result<()> {
    // Not for appending: on Windows, such a file cannot be shortened.
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(());
    }
    let begin = metadata.len().saturating_sub(LONGEST);
    file.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    (&file).take(LONGEST).read_to_end(&mut tail)?;
    match memchr::memrchr(b'\n', &tail) {
        Some(end) if end + 1 == tail.len() => Ok(()),
        Some(end) => file.set_len(begin + end as u64 + 1),
        None if begin == 0 => file.set_len(0),
        // No line of the log is so long.
        None => file.write_all(b"\n"),
    }
}
