//! Display of external strings: in one line, without control characters.

use std::error::Error;
use std::fmt::{self, Write as _};

/// Displays a value in one line that is safe for terminals: control characters, line separators, and invisible characters that
/// reorder or hide text are written as escapes, such as `\n` and `\u{1b}`.
///
/// All strings from a server, a file or the environment are escaped before they appear in an error or a log. Values that a
/// program receives stay unchanged.
///
/// ```
/// use alta_model::escaped;
///
/// assert_eq!(escaped("two\nlines").to_string(), r"two\nlines");
/// assert_eq!(escaped("\x1b[2J").to_string(), r"\u{1b}[2J");
/// assert_eq!(escaped("Ashwick").at_most(3).to_string(), "Ash…");
/// ```
pub fn escaped<T: fmt::Display>(value: T) -> Escaped<T> {
    Escaped {
        value,
        limit: usize::MAX,
    }
}

/// A `Display` adaptor; see [`escaped`].
#[derive(Clone, Copy)]
pub struct Escaped<T> {
    value: T,
    limit: usize,
}

impl<T> Escaped<T> {
    /// Displays at most this many characters of the value, and `…` for the rest.
    #[must_use]
    pub fn at_most(self, characters: usize) -> Self {
        Self {
            limit: characters,
            ..self
        }
    }
}

impl Escaped<Chain<'_>> {
    /// The same line without escapes, for code that must redact it first.
    pub(crate) fn raw(&self) -> String {
        self.value.to_string()
    }
}

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer {
            to: f,
            left: self.limit,
            is_cut: false,
        };
        write!(writer, "{}", self.value)
    }
}

impl<T: fmt::Display> fmt::Debug for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Displays an error and its causes in one line, `error: cause: cause`, [`escaped`]. A cause that the line already contains is
/// not repeated.
///
/// ```
/// let error = std::io::Error::other("no route\nto host");
/// assert_eq!(alta_model::chain(&error).to_string(), r"no route\nto host");
/// ```
pub fn chain(error: &dyn Error) -> Escaped<Chain<'_>> {
    escaped(Chain(error))
}

/// An error and its causes; see [`chain`].
#[derive(Clone, Copy)]
pub struct Chain<'a>(&'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.to_string();
        for cause in std::iter::successors(self.0.source(), |&cause| cause.source()) {
            let words = cause.to_string();
            // Some errors repeat the message of their cause.
            if !line.contains(&words) {
                line.push_str(": ");
                line.push_str(&words);
            }
        }
        f.write_str(&line)
    }
}

impl fmt::Debug for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

struct Writer<'a, 'f> {
    to: &'a mut fmt::Formatter<'f>,
    left: usize,
    is_cut: bool,
}

impl fmt::Write for Writer<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.is_cut {
            return Ok(());
        }
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            if self.left == 0 {
                self.is_cut = true;
                self.to.write_str(&text[plain..at])?;
                return self.to.write_char('\u{2026}');
            }
            self.left -= 1;
            if is_control(c) {
                self.to.write_str(&text[plain..at])?;
                write!(self.to, "{}", c.escape_default())?;
                plain = at + c.len_utf8();
            }
        }
        self.to.write_str(&text[plain..])
    }
}

/// Returns whether a terminal or a viewer acts on the character instead of displaying it.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, Arabic letter mark, Mongolian vowel separator.
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            // Zero-width characters and directional marks.
            | '\u{200b}'..='\u{200f}'
            // Line and paragraph separators, embeddings and overrides.
            | '\u{2028}'..='\u{202e}'
            // Invisible operators, isolates, deprecated format characters.
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Tags.
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_control_character_is_left() {
        for (text, shown) in [
            ("\x1b]0;title\x07", r"\u{1b}]0;title\u{7}"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{9b}31m\u{7f}", r"\u{9b}31m\u{7f}"),
            ("\u{202e}gpj\u{2066}", r"\u{202e}gpj\u{2066}"),
            ("\u{2028}\u{2029}\u{200b}", r"\u{2028}\u{2029}\u{200b}"),
            ("Zoë \"Ünal\" 日本 🦀 \\", "Zoë \"Ünal\" 日本 🦀 \\"),
        ] {
            assert_eq!(escaped(text).to_string(), shown);
            assert_eq!(format!("{:?}", escaped(text)), shown);
        }
    }

    #[test]
    fn the_limit_holds_over_the_parts_of_a_message() {
        let shown = |limit| {
            escaped(format_args!("ééé{}", "日本\n"))
                .at_most(limit)
                .to_string()
        };
        assert_eq!(shown(5), "ééé日本…");
        assert_eq!(shown(6), r"ééé日本\n");
        assert_eq!(escaped("12345").at_most(5).to_string(), "12345");
    }

    #[test]
    fn the_causes_of_an_error_are_shown_and_escaped() {
        #[derive(Debug)]
        struct Outer(std::io::Error);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("reading a\u{202e}")
            }
        }
        impl Error for Outer {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let error = Outer(std::io::Error::other("bad\x1b"));
        assert_eq!(chain(&error).to_string(), r"reading a\u{202e}: bad\u{1b}");
        let told = Outer(std::io::Error::other("reading"));
        assert_eq!(chain(&told).to_string(), r"reading a\u{202e}");
    }

    proptest! {
        #[test]
        fn any_string_is_one_line_of_bounded_length(text in ".{0,40}|[\\x00-\\x9f\u{2000}-\u{2070}]{0,40}", limit in 0_usize..50) {
            let shown = escaped(&text).at_most(limit).to_string();
            prop_assert!(!shown.contains(is_control), "{shown:?}");
            // The longest escape is `\u{e007f}`.
            prop_assert!(shown.chars().count() <= limit * 9 + 1);
        }
    }
}
