//! The possible ways in which a server reads a command line. No source says which one it uses.

/// One way to split a line. The published clients agree on double quotes and on nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokenizer {
    backslash_escapes: bool,
    doubled_quotes: bool,
    single_quotes: bool,
}

impl Tokenizer {
    /// All ways.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|bits| Self {
            backslash_escapes: bits & 1 != 0,
            doubled_quotes: bits & 2 != 0,
            single_quotes: bits & 4 != 0,
        })
    }

    /// The words of a line.
    pub(crate) fn split(self, line: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quote: Option<char> = None;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            let opens = c == '"' || (self.single_quotes && c == '\'');
            match quote {
                Some(open) if c == open => {
                    if self.doubled_quotes && chars.peek() == Some(&open) {
                        chars.next();
                        word.get_or_insert_default().push(open);
                    } else {
                        quote = None;
                    }
                }
                _ if self.backslash_escapes && c == '\\' => {
                    word.get_or_insert_default().extend(chars.next());
                }
                None if opens => {
                    word.get_or_insert_default();
                    quote = Some(c);
                }
                None if c.is_whitespace() || c == ';' => words.extend(word.take()),
                _ => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words
    }
}
