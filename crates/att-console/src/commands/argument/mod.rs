mod checked;
mod problem;
mod target;
mod text;
mod values;

#[cfg(test)]
mod tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod tokenizer;

pub(crate) use problem::{Problem, abbreviated};
pub use target::{PlayerRef, Target};
#[cfg(any(test, fuzzing))]
pub(crate) use text::is_unwritable;

/// An argument of a command. It is a value: no string in it can become another argument.
///
/// No source says how a server escapes a quote inside quotes. A string with such a character therefore makes the command fail,
/// with an error that names the character, before anything is sent. [`Argument::typographic`] and [`Argument::replacing`] replace
/// these characters instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    written: Result<String, Problem>,
    replaced: Vec<char>,
}

impl Argument {
    /// The characters that [`replacing`](Self::replacing) or [`typographic`](Self::typographic) replaced or removed, in
    /// order, each once. Empty if the string is sent unchanged.
    pub fn replaced(&self) -> &[char] {
        &self.replaced
    }

    /// An argument that is written unchanged.
    pub(crate) fn bare(written: String) -> Self {
        Self {
            written: Ok(written),
            replaced: Vec::new(),
        }
    }

    fn failed(problem: Problem) -> Self {
        Self {
            written: Err(problem),
            replaced: Vec::new(),
        }
    }

    /// The argument in its form for a command line.
    pub(crate) fn into_written(self) -> Result<String, Problem> {
        self.written
    }
}
