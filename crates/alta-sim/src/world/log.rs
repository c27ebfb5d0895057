/// The level of a line in a server's log.
#[derive(Clone, Copy, Debug, serde::Deserialize, Eq, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LogLevel {
    /// `TraceLog`.
    Trace,
    /// `DebugLog`.
    Debug,
    /// `InfoLog`.
    Info,
    /// `WarnLog`.
    Warn,
    /// `ErrorLog`.
    Error,
    /// `FatalLog`.
    Fatal,
}

impl LogLevel {
    /// The name of the console event.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Trace => "TraceLog",
            Self::Debug => "DebugLog",
            Self::Info => "InfoLog",
            Self::Warn => "WarnLog",
            Self::Error => "ErrorLog",
            Self::Fatal => "FatalLog",
        }
    }
}

/// A line in the log of a game server. Consoles get it as an event, if they have subscribed to its level.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LogLine {
    /// The level.
    pub level: LogLevel,
    /// The part of the game that writes the line, such as `Alta.Console.CommandService`.
    pub logger: String,
    /// The text, which can have line breaks.
    pub message: String,
}

impl LogLine {
    /// A line.
    pub fn new(level: LogLevel, logger: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            level,
            logger: logger.into(),
            message: message.into(),
        }
    }
}
