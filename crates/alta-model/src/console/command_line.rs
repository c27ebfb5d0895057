/// Splits a command line into words as the console does: at white space outside of quotes.
///
/// A double or single quote at the start of a word extends it to the next one; no escape inside is known. A double quote without
/// an end extends the word to the end of the line, and a single one is an apostrophe.
///
/// ```
/// use alta_model::console::command_words;
///
/// let words = command_words(r#"player message "Iris_" "It's noon" 5"#);
/// assert_eq!(words, ["player", "message", "Iris_", "It's noon", "5"]);
/// ```
pub fn command_words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line;
    while let Some(first) = CommandWord::first(rest) {
        words.push(first.text);
        rest = first.rest;
    }
    words
}

/// The first word of a command line, as [`command_words`] splits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandWord<'a> {
    /// The word, without its quotes.
    pub text: &'a str,
    /// The line after the word.
    pub rest: &'a str,
    /// False if the word has a double quote at its start and none at its end.
    pub is_closed: bool,
}

impl<'a> CommandWord<'a> {
    /// The first word; `None` if the line is blank.
    pub fn first(line: &'a str) -> Option<Self> {
        let line = line.trim_start();
        if line.is_empty() {
            return None;
        }
        if let Some(quoted) = line.strip_prefix('"') {
            let closed = quoted.split_once('"');
            let (text, rest) = closed.unwrap_or((quoted, ""));
            return Some(Self {
                text,
                rest,
                is_closed: closed.is_some(),
            });
        }
        let (text, rest) = in_single_quotes(line).unwrap_or_else(|| {
            let end = line.find(char::is_whitespace).unwrap_or(line.len());
            line.split_at(end)
        });
        Some(Self {
            text,
            rest,
            is_closed: true,
        })
    }
}

/// The word in single quotes at the start of the line, and the rest.
fn in_single_quotes(line: &str) -> Option<(&str, &str)> {
    let (word, rest) = line.strip_prefix('\'')?.split_once('\'')?;
    let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
    ends.then_some((word, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_split_at_white_space_outside_of_quotes() {
        let cases: [(&str, &[&str]); 9] = [
            ("", &[]),
            ("  ", &[]),
            ("player list", &["player", "list"]),
            (" player\tkick  7 ", &["player", "kick", "7"]),
            (r#"time set "" 5"#, &["time", "set", "", "5"]),
            (r#"say 'two words' "it's""#, &["say", "two words", "it's"]),
            (r"say 'tis O'Neil's", &["say", "'tis", "O'Neil's"]),
            (r#"say "no end"#, &["say", "no end"]),
            (r#"say "a"b"#, &["say", "a", "b"]),
        ];
        for (line, words) in cases {
            assert_eq!(command_words(line), words, "{line}");
        }
    }

    #[test]
    fn only_a_double_quote_without_an_end_is_not_closed() {
        let is_closed = |line| CommandWord::first(line).map(|word| word.is_closed);
        assert_eq!(is_closed("  "), None);
        assert_eq!(is_closed(r#""two words" "no end"#), Some(true));
        assert_eq!(is_closed(r#" "no end"#), Some(false));
        assert_eq!(is_closed("'tis"), Some(true));
    }

    proptest! {
        #[test]
        fn a_quoted_string_is_one_word(text in "[^\"]{0,20}") {
            let line = format!("player message 7 \"{text}\" 5");
            prop_assert_eq!(command_words(&line), ["player", "message", "7", &text, "5"]);
        }

        #[test]
        fn every_line_is_split_without_a_panic(line in "(\\PC|[\"' \t]){0,30}") {
            let words = command_words(&line).concat();
            prop_assert!(words.len() <= line.len());
        }
    }
}
