use rustyline::ExternalPrinter;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest number of lines of one result. A longer one belongs in a file.
const MOST_LINES: usize = 2_000;

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

fn shortened(text: String) -> String {
    let Some((end, _)) = text.match_indices('\n').nth(MOST_LINES - 1) else {
        return text;
    };
    let rest = text[end..].lines().count();
    format!(
        "{}\n… {rest} more lines; `tale exec COMMAND > FILE` writes all of them",
        &text[..end]
    )
}
