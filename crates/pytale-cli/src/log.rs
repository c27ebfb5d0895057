//! The log: lines on standard error, or above the line that is being typed.

use anstream::{AutoStream, ColorChoice};
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

type Print = Box<dyn Fn(&str) + Send>;

/// The place of the log's lines. A clone is the same place.
#[derive(Clone, Default)]
pub(crate) struct Log {
    editor: Arc<Mutex<Option<Print>>>,
}

impl Log {
    /// Starts the log. The level is debug at most: at trace, the websocket library logs the handshake request, which contains a token.
    pub(crate) fn start(verbosity: u8) -> Self {
        let level = match verbosity {
            // An owner sees when a server comes and goes.
            0 => "warn,tale::private_cloud=info",
            1 => "info",
            _ => "debug",
        };
        let filter = EnvFilter::new(format!("{level},tungstenite=info,tokio_tungstenite=info"));
        let log = Self::default();
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
            // A log line that cannot be written must not end the program.
            .log_internal_errors(false)
            .with_writer(log.clone())
            .init();
        log
    }

    /// Prints the lines with this function until the guard is dropped.
    pub(crate) fn print_with(&self, print: impl Fn(&str) + Send + 'static) -> EditorGuard<'_> {
        self.set(Some(Box::new(print)));
        EditorGuard(self)
    }

    fn set(&self, print: Option<Print>) {
        *self.editor.lock().unwrap_or_else(PoisonError::into_inner) = print;
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

/// Returns the log to standard error when it is dropped.
pub(crate) struct EditorGuard<'l>(&'l Log);

impl Drop for EditorGuard<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Write for Log {
    /// Each call has whole lines.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let editor = self.editor.lock().unwrap_or_else(PoisonError::into_inner);
        match &*editor {
            Some(print) => print(String::from_utf8_lossy(lines).trim_end()),
            None => io::stderr().write_all(lines)?,
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
