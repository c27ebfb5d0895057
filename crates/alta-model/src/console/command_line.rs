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
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, after) = first_word(rest);
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// The first word of a non-empty line, and the rest.
fn first_word(text: &str) -> (&str, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"').unwrap_or((quoted, ""));
    }
    let ends_word = |rest: &str| rest.is_empty() || rest.starts_with(char::is_whitespace);
    if let Some((word, rest)) = text
        .strip_prefix('\'')
        .and_then(|quoted| quoted.split_once('\''))
        && ends_word(rest)
    {
        return (word, rest);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text.split_at(end)
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
