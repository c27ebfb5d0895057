//! The words of an incomplete line.

/// A line that is being typed: the complete words, and the last one, which the cursor is behind.
#[derive(Debug, PartialEq)]
pub(super) struct Typed<'a> {
    pub(super) complete: Vec<&'a str>,
    /// The last word; empty after white space.
    pub(super) last: &'a str,
    /// The position of the last word.
    pub(super) start: usize,
}

impl<'a> Typed<'a> {
    /// Splits a line at white space outside of double quotes.
    pub(super) fn of(line: &'a str) -> Self {
        let (mut complete, mut begin, mut quoted) = (Vec::new(), None, false);
        for (at, letter) in line.char_indices() {
            if letter.is_whitespace() && !quoted {
                if let Some(begin) = begin.take() {
                    complete.push(&line[begin..at]);
                }
            } else {
                begin.get_or_insert(at);
                quoted ^= letter == '"';
            }
        }
        let start = begin.unwrap_or(line.len());
        Self {
            complete,
            last: &line[start..],
            start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_is_one_word() {
        let line = r#"player message "Elder T"#;
        let typed = Typed::of(line);
        assert_eq!(typed.complete, ["player", "message"]);
        assert_eq!((typed.last, typed.start), ("\"Elder T", 15));
        assert_eq!(Typed::of("player ").last, "");
        assert_eq!(Typed::of("").start, 0);
    }
}
