//! Standard output and standard error. Both can fail at any time, by a closed pipe or a full disk.

use crate::failure::Failure;
use crate::render::lines_escaped;
use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::sync::OnceLock;
use tokio::sync::Notify;

/// Standard output. After the first failure it writes nothing more, and [`failed`](Self::failed) returns.
#[derive(Debug, Default)]
pub(crate) struct Output {
    failure: OnceLock<io::Error>,
    noticed: Notify,
}

impl Output {
    /// Writes a line, in color if standard output is a terminal with colors.
    pub(crate) fn line(&self, line: fmt::Arguments<'_>) {
        if self.failure.get().is_some() {
            return;
        }
        let mut stdout = anstream::stdout().lock();
        let written = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
        if let Err(error) = written {
            // Of two failures at once, the first is kept.
            let _ = self.failure.set(error);
            self.noticed.notify_one();
        }
    }

    /// Returns whether nothing more can be written.
    pub(crate) fn is_closed(&self) -> bool {
        self.failure.get().is_some()
    }

    /// Waits until a line could not be written. One caller at a time.
    pub(crate) async fn failed(&self) {
        while self.failure.get().is_none() {
            self.noticed.notified().await;
        }
    }

    /// The failure of a line that could not be written. A closed pipe is no failure: the reader, such as `head`, has read enough.
    pub(crate) fn result(&self) -> Result<(), Failure> {
        match self.failure.get() {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::io("writing to standard output", error))
            }
            _ => Ok(()),
        }
    }
}

/// Writes a line to standard error. A failure there cannot be reported.
pub(crate) fn error_line(line: fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Writes a failure to standard error, after the program's name.
pub(crate) fn failure_line(failure: &Failure) {
    // The parts are escaped already; a part that was forgotten must not reach the terminal either.
    let text = lines_escaped(&failure.to_string());
    error_line(format_args!("tale: {text}"));
}
