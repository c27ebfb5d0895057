use super::{Catalogue, Entry, Parameter, words};
use std::collections::BTreeSet;

/// One completion of a line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Completion<'a> {
    /// The line up to the completed word, including it.
    pub line: String,
    /// The completed word.
    pub word: String,
    /// The command that the line now calls; `None` for a module and for a value.
    pub entry: Option<&'a Entry>,
}

impl Catalogue {
    /// Completes the last word of a line: with modules, commands and aliases that begin with it, ignoring case, and with the
    /// known values of a parameter. After a space, returns the possible next words.
    ///
    /// ```
    /// use att_console::catalogue;
    ///
    /// let lines: Vec<_> = catalogue::known().complete("player te").into_iter().map(|found| found.line).collect();
    /// assert_eq!(lines, ["player teleport"]);
    /// ```
    ///
    /// For names of players, prefabs and the like, [`expected`](Self::expected) returns the parameter.
    pub fn complete(&self, line: &str) -> Vec<Completion<'_>> {
        let typed = Typed::of(line);
        let mut found = self.words_after(&typed);
        let values = self.values_for(line, &typed);
        found.extend(values.into_iter().map(|word| Completion {
            line: typed.with(&word),
            word,
            entry: None,
        }));
        found
    }

    fn words_after(&self, typed: &Typed<'_>) -> Vec<Completion<'_>> {
        let mut next = BTreeSet::new();
        for name in self.commands.iter().flat_map(Entry::names) {
            let path: Vec<&str> = words(name).collect();
            let Some((before, rest)) = path.split_at_checked(typed.before.len()) else {
                continue;
            };
            let follows = before
                .iter()
                .zip(&typed.before)
                .all(|(word, typed)| word.eq_ignore_ascii_case(typed));
            if let Some(word) = rest
                .first()
                .filter(|word| follows && begins(word, typed.last))
            {
                next.insert((*word).to_owned());
            }
        }
        let completion = |word: String| {
            let line = typed.with(&word);
            let entry = self.get(&line);
            Completion { line, word, entry }
        };
        next.into_iter().map(completion).collect()
    }

    fn values_for(&self, line: &str, typed: &Typed<'_>) -> BTreeSet<String> {
        let types = self.expected(line).into_iter();
        types
            .filter_map(|parameter| self.parameter_type(&parameter.r#type))
            .flat_map(|kind| &kind.values)
            .filter(|value| begins(value, typed.last))
            .cloned()
            .collect()
    }

    /// The parameters that the last word of a line can be, one for each overload. After a space, the next parameters. Empty
    /// while the command itself is incomplete.
    pub fn expected(&self, line: &str) -> Vec<&Parameter> {
        let typed = Typed::of(line);
        let Some((entry, length)) = self.split(line) else {
            return Vec::new();
        };
        let Some(place) = typed.before.len().checked_sub(length) else {
            return Vec::new();
        };
        let mut parameters = Vec::new();
        for overload in &entry.overloads {
            let found = overload.parameters.get(place);
            // Only the last parameter can repeat or take the rest of the line.
            let found =
                found.or_else(|| overload.parameters.last().filter(|last| is_endless(last)));
            parameters.extend(found.filter(|found| !parameters.contains(found)));
        }
        parameters
    }
}

fn is_endless(parameter: &Parameter) -> bool {
    parameter.r#type == "arguments" || parameter.r#type.ends_with("...")
}

fn begins(word: &str, beginning: &str) -> bool {
    word.get(..beginning.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

/// An incomplete line: the complete words, and the last one.
struct Typed<'a> {
    before: Vec<&'a str>,
    last: &'a str,
    /// The line without the last word.
    start: &'a str,
}

impl<'a> Typed<'a> {
    /// Splits a line at white space outside of double quotes.
    fn of(line: &'a str) -> Self {
        let (mut before, mut begin, mut quoted) = (Vec::new(), None, false);
        for (at, letter) in line.char_indices() {
            if letter.is_whitespace() && !quoted {
                if let Some(begin) = begin.take() {
                    before.push(&line[begin..at]);
                }
            } else {
                begin.get_or_insert(at);
                quoted ^= letter == '"';
            }
        }
        let begin = begin.unwrap_or(line.len());
        Self {
            before,
            last: &line[begin..],
            start: &line[..begin],
        }
    }

    fn with(&self, word: &str) -> String {
        format!("{}{word}", self.start)
    }
}
