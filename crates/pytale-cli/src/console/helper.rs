//! The editor's view of the lexicon: completion, hints and their color.

use super::lexicon::Lexicon;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use std::borrow::Cow;
use std::sync::Arc;

pub(super) struct ConsoleHelper {
    lexicon: Arc<Lexicon>,
}

impl ConsoleHelper {
    pub(super) fn new(lexicon: Arc<Lexicon>) -> Self {
        Self { lexicon }
    }
}

impl Helper for ConsoleHelper {}

impl Validator for ConsoleHelper {}

impl Completer for ConsoleHelper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = self.lexicon.complete(&line[..at]);
        // The only completion ends its word, so that the next one can follow at once.
        let end = if found.len() == 1 && at == line.len() {
            " "
        } else {
            ""
        };
        let pair = |candidate: super::lexicon::Candidate| Pair {
            display: pytale::model::escaped(candidate.shown).to_string(),
            replacement: candidate.word + end,
        };
        // A word with control characters would reach the terminal as a part of the line.
        let is_safe = |word: &str| pytale::model::escaped(word).to_string() == word;
        let found = found
            .into_iter()
            .filter(|candidate| is_safe(&candidate.word));
        Ok((start, found.map(pair).collect()))
    }
}

/// A hint that the right arrow does not insert: it shows parameters, which are no text of a command.
pub(super) struct ParameterHint(String);

impl rustyline::hint::Hint for ParameterHint {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for ConsoleHelper {
    type Hint = ParameterHint;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<ParameterHint> {
        (at == line.len())
            .then(|| self.lexicon.hint(line))
            .flatten()
            .map(|hint| ParameterHint(pytale::model::escaped(hint).to_string()))
    }
}

impl Highlighter for ConsoleHelper {
    /// Called only if the terminal has colors.
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let dimmed = anstyle::Style::new().dimmed();
        Cow::Owned(format!("{dimmed}{hint}{dimmed:#}"))
    }
}
