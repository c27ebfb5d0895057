use pytale::model::escaped;

/// The longest part of a message of a server that is shown.
const SHOWN: usize = 300;

/// The width of a terminal below which columns waste too much of a line.
const NARROW: u16 = 60;

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
    fn new(level: Level, name: &'static str, text: &str, advice: Option<String>) -> Self {
        Self {
            level,
            name,
            text: escaped(text).at_most(SHOWN).to_string(),
            advice,
        }
    }

    pub(super) fn ok(name: &'static str, text: impl AsRef<str>) -> Self {
        Self::new(Level::Ok, name, text.as_ref(), None)
    }

    /// A check that could not be made, and is no problem by itself.
    pub(super) fn unknown(name: &'static str, text: impl AsRef<str>) -> Self {
        Self::new(Level::Unknown, name, text.as_ref(), None)
    }

    /// A problem that leaves the console usable, with the next step.
    pub(super) fn warning(
        name: &'static str,
        text: impl AsRef<str>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(Level::Warning, name, text.as_ref(), Some(advice.into()))
    }

    /// A problem that makes the console unusable, with the next step.
    pub(super) fn critical(
        name: &'static str,
        text: impl AsRef<str>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(Level::Critical, name, text.as_ref(), Some(advice.into()))
    }

    /// The lines for a terminal of this width.
    pub(super) fn lines(&self, width: u16) -> String {
        let indent = if width < NARROW { 2 } else { 19 };
        let (level, name, text) = (self.level.name(), self.name, &self.text);
        let line = if width < NARROW {
            format!("{level} {name}: {text}")
        } else {
            format!("{level:<9} {name:<8} {text}")
        };
        match &self.advice {
            Some(advice) => format!("{line}\n{:indent$}help: {advice}", ""),
            None => line,
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
