use pytale::model::escaped;
use std::fmt;

/// The longest part of a message of a server that is shown.
const SHOWN: usize = 300;

/// The outcome of a check, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Ok,
    /// The check could not be made.
    Unknown,
    Warning,
    Critical,
}

impl Level {
    /// The exit status of a plugin of a monitoring system.
    pub(super) fn monitoring_status(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// One check with its outcome.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) level: Level,
    /// The checked part.
    pub(super) name: &'static str,
    /// The outcome, without control characters.
    pub(super) text: String,
    /// The next step of the user.
    advice: Option<String>,
}

impl Check {
    pub(super) fn new(level: Level, name: &'static str, text: impl AsRef<str>) -> Self {
        Self {
            level,
            name,
            text: escaped(text.as_ref()).at_most(SHOWN).to_string(),
            advice: None,
        }
    }

    pub(super) fn ok(name: &'static str, text: impl AsRef<str>) -> Self {
        Self::new(Level::Ok, name, text)
    }

    pub(super) fn warning(name: &'static str, text: impl AsRef<str>) -> Self {
        Self::new(Level::Warning, name, text)
    }

    pub(super) fn critical(name: &'static str, text: impl AsRef<str>) -> Self {
        Self::new(Level::Critical, name, text)
    }

    pub(super) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<9} {:<8} {}", self.level.name(), self.name, self.text)?;
        match &self.advice {
            Some(advice) => write!(f, "\n{:<19}help: {advice}", ""),
            None => Ok(()),
        }
    }
}

/// The level of the whole. A check that could not be made is no problem by itself.
pub(super) fn worst(checks: &[Check]) -> Level {
    let levels = checks.iter().map(|check| check.level);
    levels
        .filter(|level| *level != Level::Unknown)
        .max()
        .unwrap_or(Level::Ok)
}

/// The last line of the report.
pub(super) fn summary(checks: &[Check]) -> String {
    let count = |level| checks.iter().filter(|check| check.level == level).count();
    let number = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    match (count(Level::Critical), count(Level::Warning)) {
        (0, 0) => "no problem was found".to_owned(),
        (0, warnings) => number(warnings, "warning"),
        (problems, 0) => number(problems, "problem"),
        (problems, warnings) => format!(
            "{}, {}",
            number(problems, "problem"),
            number(warnings, "warning")
        ),
    }
}
