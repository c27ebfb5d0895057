use crate::render::shortened;
use rustyline::ExternalPrinter;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes lines above the line that is being typed, or at the cursor if none is.
#[derive(Clone)]
pub(super) struct Printer {
    terminal: Arc<Mutex<dyn ExternalPrinter + Send>>,
}

impl Printer {
    pub(super) fn new(terminal: impl ExternalPrinter + Send + 'static) -> Self {
        Self {
            terminal: Arc::new(Mutex::new(terminal)),
        }
    }

    pub(super) fn print(&self, text: impl fmt::Display) {
        let mut text = shortened(text.to_string());
        text.push('\n');
        let mut terminal = self.terminal.lock().unwrap_or_else(PoisonError::into_inner);
        // A terminal that is gone ends the editor, too.
        let _ = terminal.print(text);
    }
}
