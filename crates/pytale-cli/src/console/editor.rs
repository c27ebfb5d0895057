//! The thread that reads lines from the terminal.

use super::helper::ConsoleHelper;
use super::lexicon::Lexicon;
use super::printer::Printer;
use crate::failure::Failure;
use anstream::{AutoStream, ColorChoice};
use rustyline::config::Configurer as _;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Cmd, ColorMode, CompletionType, Config, Editor, KeyEvent, Movement};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use tokio::sync::mpsc;

/// The number of lines of a history.
const HISTORY: usize = 2_000;

/// The editor's thread, seen from the session: it reads one line after each prompt.
pub(super) struct Lines {
    prompts: mpsc::Sender<String>,
    typed: mpsc::Receiver<Option<String>>,
    /// True from a prompt to its line: a second prompt would start the next line before the result of this one.
    is_prompted: bool,
}

impl Lines {
    /// Starts the thread, and returns the printer for the terminal.
    pub(super) fn start(
        lexicon: Arc<Lexicon>,
        history: Option<PathBuf>,
    ) -> Result<(Self, Printer), Failure> {
        let failed =
            |error: &ReadlineError| Failure::usage(format!("the terminal cannot be used: {error}"));
        let mut editor = editor(lexicon).map_err(|error| failed(&error))?;
        if let Some(history) = &history {
            // There is none before the first line.
            let _ = editor.load_history(history);
        }
        let printer = editor
            .create_external_printer()
            .map_err(|error| failed(&error))?;
        let (prompts, prompted) = mpsc::channel(1);
        let (sender, lines) = mpsc::channel(1);
        thread::spawn(move || read_lines(editor, history.as_deref(), prompted, &sender));
        let lines = Self {
            prompts,
            typed: lines,
            is_prompted: false,
        };
        Ok((lines, Printer::new(printer)))
    }

    /// Reads a line. `None` if the user leaves.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the next call returns the line that is being typed.
    pub(super) async fn read(&mut self, prompt: &str) -> Option<String> {
        if !self.is_prompted {
            self.is_prompted = true;
            // An editor that has ended returns no line.
            let _ = self.prompts.try_send(prompt.to_owned());
        }
        let line = self.typed.recv().await.flatten();
        self.is_prompted = false;
        line
    }
}

fn editor(lexicon: Arc<Lexicon>) -> rustyline::Result<Editor<ConsoleHelper, FileHistory>> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_prompt_limit(200)
        .history_ignore_space(true)
        .max_history_size(HISTORY)?
        .build();
    let mut editor = Editor::with_config(config)?;
    if AutoStream::choice(&std::io::stdout()) == ColorChoice::Never {
        editor.set_color_mode(ColorMode::Disabled);
    }
    // The default ends the line by an error, which drops the keys that were typed behind it.
    editor.bind_sequence(KeyEvent::ctrl('c'), Cmd::Kill(Movement::WholeBuffer));
    editor.set_helper(Some(ConsoleHelper::new(lexicon)));
    Ok(editor)
}

fn read_lines(
    mut editor: Editor<ConsoleHelper, FileHistory>,
    history: Option<&Path>,
    mut prompts: mpsc::Receiver<String>,
    lines: &mpsc::Sender<Option<String>>,
) {
    while let Some(prompt) = prompts.blocking_recv() {
        // `None` after Ctrl-D, or if the terminal is gone.
        let line = editor.readline(&prompt).ok();
        if let (Some(line), Some(history)) = (&line, history) {
            // A history that cannot be written is no reason to stop.
            let _ = editor.add_history_entry(line.as_str());
            let _ = editor.append_history(history);
        }
        let ended = line.is_none();
        if lines.blocking_send(line).is_err() || ended {
            return;
        }
    }
}
