//! A secret that the user types.

use crate::failure::{Failure, Status};
use pytale::auth::Secret;
use rustyline::completion::Completer;
use rustyline::config::Configurer as _;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, Config, Editor, Helper};
use std::borrow::Cow;
use std::io::{self, IsTerminal as _};

/// Reads a secret: typed in a terminal, where it is not shown, or else the first line of standard input.
pub(crate) fn read_typed(what: &str) -> Result<Secret, Failure> {
    let text = if io::stdin().is_terminal() {
        hidden(&format!("{what}: "))?
    } else {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        read.map_err(|error| Failure::io(format_args!("reading the {what}"), &error))?;
        line
    };
    let secret = Secret::new(text);
    if secret.expose().is_empty() {
        return Err(Failure::usage(format!("no {what} was given"))
            .advice("type it, or pass it on standard input"));
    }
    Ok(secret)
}

fn hidden(prompt: &str) -> Result<String, Failure> {
    let failed = |error: &ReadlineError| {
        Failure::new(Status::Io, format!("reading from the terminal: {error}"))
    };
    let mut editor: Editor<Hidden, MemHistory> =
        Editor::with_history(Config::default(), MemHistory::new())
            .map_err(|error| failed(&error))?;
    // The highlighter hides the text, so it must run in a terminal without colors too.
    editor.set_color_mode(ColorMode::Forced);
    editor.set_auto_add_history(false);
    editor.set_helper(Some(Hidden));
    match editor.readline(prompt) {
        Ok(line) => Ok(line),
        Err(ReadlineError::Interrupted | ReadlineError::Eof) => {
            Err(Failure::usage("the input was canceled"))
        }
        Err(error) => Err(failed(&error)),
    }
}

/// Shows an asterisk in place of each character.
struct Hidden;

impl Highlighter for Hidden {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        Cow::Owned("*".repeat(line.chars().count()))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

impl Completer for Hidden {
    type Candidate = String;
}

impl Hinter for Hidden {
    type Hint = String;
}

impl Validator for Hidden {}
impl Helper for Hidden {}
