//! The words of a line, one after another.

use super::invalid::Invalid;
use alta_model::User;
use alta_model::console::CommandWord;
use std::sync::Arc;

/// The longest line, in bytes: some lines contain a save string.
const LONGEST: usize = 64 * 1024;

/// The word that stands for the reported player in a line of [`Builder::on_report`](super::Builder::on_report).
pub(super) const REPORTED: &str = "{player}";

/// The position in a line.
pub(super) struct Cursor {
    line: Arc<str>,
    at: usize,
    /// The player of the word [`REPORTED`].
    reported: Option<User>,
}

pub(super) struct Word {
    pub(super) text: String,
    /// The player for whom the word stands.
    pub(super) user: Option<User>,
}

impl Cursor {
    pub(super) fn new(line: Arc<str>, reported: Option<User>) -> Self {
        Self {
            line,
            at: 0,
            reported,
        }
    }

    /// Checks the length and the characters of the line.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.line.len() > LONGEST {
            return Err(Invalid::TooLong);
        }
        let is_odd = |sign: &char| sign.is_control() && !sign.is_whitespace();
        match self.line.chars().find(is_odd) {
            Some(sign) => Err(Invalid::ControlCharacter(sign)),
            None => Ok(()),
        }
    }

    fn rest(&self) -> &str {
        self.line.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().trim_start().is_empty()
    }

    /// Skips this name if the next words are its words, in any case.
    pub(super) fn skip_name(&mut self, name: &[String]) -> bool {
        let start = self.at;
        for word in name {
            let is_next = CommandWord::first(self.rest())
                .is_some_and(|first| first.is_closed && same(first.text, word));
            if !is_next {
                self.at = start;
                return false;
            }
            self.skip();
        }
        true
    }

    /// Skips the next word.
    fn skip(&mut self) {
        let rest = CommandWord::first(self.rest()).map_or(0, |first| first.rest.len());
        self.at = self.line.len() - rest;
    }

    /// The next word, for this parameter.
    pub(super) fn word(&mut self, parameter: &str) -> Result<Word, Invalid> {
        let Some(first) = CommandWord::first(self.rest()) else {
            let parameter = parameter.to_owned();
            return Err(Invalid::Missing { parameter });
        };
        let text = first.text.to_owned();
        if !first.is_closed {
            return Err(Invalid::OpenQuote(text));
        }
        self.skip();
        let reported = self.reported.as_ref().filter(|_| text == REPORTED);
        Ok(match reported {
            Some(user) => Word {
                text: user.id.to_string(),
                user: Some(user.clone()),
            },
            None => Word { text, user: None },
        })
    }

    /// The rest of the line, for this parameter. A single word in quotes loses them.
    pub(super) fn rest_of_line(&mut self, parameter: &str) -> Result<String, Invalid> {
        let rest = self.rest().trim().to_owned();
        let first = self.word(parameter)?;
        if self.is_at_end() {
            return Ok(first.text);
        }
        self.at = self.line.len();
        Ok(rest)
    }

    /// Fails unless all words were read.
    pub(super) fn end(&mut self) -> Result<(), Invalid> {
        if self.is_at_end() {
            return Ok(());
        }
        Err(Invalid::TooMany(self.word("")?.text))
    }
}

/// Returns whether both are the same word of a name, in any case.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}
