use crate::error::{Error, ErrorKind};
use std::fmt;
use std::fmt::Write as _;

/// A part of the way to a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    Key(String),
    /// From 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A value that is not possible, with its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Problem {
    pub(crate) path: Vec<Step>,
    pub(crate) reason: String,
}

/// The way to a value, such as `groups[0].servers[1].id`.
macro_rules! at {
    ($($step:expr),* $(,)?) => {
        vec![$($crate::setup::problem::Step::from($step)),*]
    };
}
pub(super) use at;

impl Problem {
    pub(crate) fn new(path: Vec<Step>, reason: impl Into<String>) -> Self {
        Self {
            path,
            reason: reason.into(),
        }
    }

    /// The place as text.
    pub(crate) fn place(&self) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) if text.is_empty() => text.push_str(key),
                Step::Key(key) => {
                    text.push('.');
                    text.push_str(key);
                }
                Step::Index(index) => {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "[{index}]");
                }
            }
        }
        text
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.reason)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::new(ErrorKind::Invalid, problem.place()).detail(problem.reason)
    }
}
