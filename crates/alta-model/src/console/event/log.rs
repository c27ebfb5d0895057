use crate::Timestamp;
use std::fmt;

/// The level of a line of the server's log; each level is a separate event.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum LogLevel {
    /// The most detailed level; busy.
    Trace,
    /// For debugging; busy.
    Debug,
    /// Normal operation.
    Info,
    /// A possible error.
    Warn,
    /// An error.
    Error,
    /// An error that ends the server.
    Fatal,
}

impl LogLevel {
    /// All levels, the most detailed first.
    pub const ALL: [Self; 6] = [
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Fatal,
    ];

    /// The event with the lines of this level: `InfoLog`.
    pub const fn event_name(self) -> &'static str {
        match self {
            Self::Trace => "TraceLog",
            Self::Debug => "DebugLog",
            Self::Info => "InfoLog",
            Self::Warn => "WarnLog",
            Self::Error => "ErrorLog",
            Self::Fatal => "FatalLog",
        }
    }

    /// This level and all more severe ones.
    pub fn and_more_severe(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |level| *level >= self)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.event_name().trim_end_matches("Log"))
    }
}

model! {
    /// A line of the server's log of any level. Captured.
    pub struct LogMessage {
        /// The message, with line breaks; empty when the server sent none.
        default message: String = "message",
        /// The time of the line; slightly earlier than the frame's own time.
        optional time_stamp: Timestamp = "timeStamp",
        /// The part of the server that logged it, `Alta.Console.CommandService`; empty when the server sent none.
        default logger: String = "logger",
    }
}

macro_rules! log_event {
    ($(#[$meta:meta])* $name:ident, $level:ident) => {
        impl $name {
            /// The level of its lines.
            pub const LEVEL: LogLevel = LogLevel::$level;
        }

        model! {
            $(#[$meta])*
            ///
            /// The server also logs commands: a bot that replies to log lines with commands replies to itself.
            pub struct $name {
                /// The message, with line breaks; empty when the server sent none.
                default message: String = "message",
                /// The time of the line; slightly earlier than the frame's own time.
                optional time_stamp: Timestamp = "timeStamp",
                /// The part of the server that logged it, `Alta.Console.CommandService`; empty when the server sent none.
                default logger: String = "logger",
            }
        }

        impl From<$name> for LogMessage {
            fn from($name { message, time_stamp, logger, skipped }: $name) -> Self {
                Self { message, time_stamp, logger, skipped }
            }
        }
    };
}

log_event! {
    /// The most detailed log; busy. Commands without a result write here or to [`DebugLog`].
    TraceLog, Trace
}
log_event! {
    /// The log for debugging; busy.
    DebugLog, Debug
}
log_event! {
    /// The log of normal operation. Captured.
    InfoLog, Info
}
log_event! {
    /// The log of warnings.
    WarnLog, Warn
}
log_event! {
    /// The log of errors.
    ErrorLog, Error
}
log_event! {
    /// The log of errors that end the server.
    FatalLog, Fatal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::event::EVENT_NAMES;

    #[test]
    fn every_level_is_an_event_and_they_are_ordered() {
        for level in LogLevel::ALL {
            assert!(EVENT_NAMES.contains(&level.event_name()), "{level}");
        }
        let graver: Vec<_> = LogLevel::Warn
            .and_more_severe()
            .map(|level| level.to_string())
            .collect();
        assert_eq!(graver, ["Warn", "Error", "Fatal"]);
        assert_eq!(FatalLog::LEVEL, LogLevel::Fatal);
    }
}
