//! Strings in double quotes.

use super::{Argument, Problem, abbreviated};

/// A byte order mark: some programs begin their files with it.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

impl Argument {
    /// A string, in double quotes.
    ///
    /// A double quote, a backslash or a control character in it makes the command fail with
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) before it is sent.
    pub fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        match text.chars().find(|character| is_unwritable(*character)) {
            None => Self::bare(format!("\"{text}\"")),
            Some(character) => Self::failed(Problem::Character {
                character,
                text: abbreviated(text),
            }),
        }
    }

    /// A string, in double quotes, with `by` in place of every character that cannot be written; if `by` cannot be written
    /// either, the character is removed. [`replaced`](Self::replaced) returns these characters.
    ///
    /// ```
    /// use att_console::Argument;
    ///
    /// let name = Argument::replacing(r#"a"b\c"#, '\'');
    /// assert_eq!(name.replaced(), ['"', '\\']);
    /// ```
    pub fn replacing(text: impl AsRef<str>, by: char) -> Self {
        Self::replacing_each(text.as_ref(), |_, _| Some(by))
    }

    /// A string, in double quotes, that reads the same: with “typographic” quotation marks for straight ones, `/` for
    /// backslashes, spaces for line breaks and tabs, and without other control characters. [`replaced`](Self::replaced)
    /// returns the replaced characters.
    ///
    /// ```
    /// use att_console::{Argument, Command};
    ///
    /// let text = Argument::typographic(r#"He said "hi" and left"#);
    /// assert_eq!(text.replaced(), ['"']);
    /// let command = Command::new("player message *").arg(text);
    /// assert_eq!(command.to_string(), "player message * \"He said “hi” and left\"");
    /// ```
    pub fn typographic(text: impl AsRef<str>) -> Self {
        Self::replacing_each(text.as_ref(), |before, character| match character {
            '"' if before.is_none_or(begins_a_quotation) => Some('\u{201c}'),
            '"' => Some('\u{201d}'),
            '\\' => Some('/'),
            '\n' | '\t' => Some(' '),
            other => is_line_break(other).then_some(' '),
        })
    }

    /// `by` gets the previous character and the one that cannot be written.
    fn replacing_each(text: &str, by: impl Fn(Option<char>, char) -> Option<char>) -> Self {
        let mut written = String::with_capacity(text.len());
        let mut replaced = Vec::new();
        let mut before = None;
        for character in text.chars() {
            if is_unwritable(character) {
                written.extend(by(before, character).filter(|by| !is_unwritable(*by)));
                if !replaced.contains(&character) {
                    replaced.push(character);
                }
            } else {
                written.push(character);
            }
            before = Some(character);
        }
        if !replaced.is_empty() {
            tracing::debug!(?replaced, "replaced characters of an argument");
        }
        Self {
            replaced,
            ..Self::text(written)
        }
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

/// Returns true if no public source says how a server reads this character inside quotes.
pub(crate) fn is_unwritable(character: char) -> bool {
    matches!(character, '"' | '\\') || character.is_control() || is_line_break(character)
}

/// Returns true for line and paragraph separators: .NET ends a line at them, too.
fn is_line_break(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Returns true if a quotation mark after this character opens a quotation.
fn begins_a_quotation(before: char) -> bool {
    before.is_whitespace() || matches!(before, '(' | '[' | '{' | '<' | '\u{2014}' | '"')
}

/// Returns true if no character of the string is visible.
pub(super) fn is_blank(text: &str) -> bool {
    let is_visible = |letter: char| {
        !letter.is_whitespace()
            && !matches!(
                letter,
                BYTE_ORDER_MARK | '\u{200b}'..='\u{200f}' | '\u{2060}'
            )
    };
    !text.contains(is_visible)
}

/// Returns true if .NET also reads the string as an integer: digits, optionally with a sign.
pub(super) fn is_a_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).trim_start();
    !digits.is_empty() && digits.chars().all(char::is_numeric)
}
