use std::fmt;

use crate::Timestamp;

/// How grave a line of the server's log is; each level is an event of its own.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum LogLevel {
    /// The finest; busy.
    Trace,
    /// For finding faults; busy.
    Debug,
    /// What happens.
    Info,
    /// What looks wrong.
    Warn,
    /// What went wrong.
    Error,
    /// What ends the server.
    Fatal,
}

impl LogLevel {
    /// All of them, the finest first.
    pub const ALL: [Self; 6] = [
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Fatal,
    ];

    /// The event that carries the lines of this level: `InfoLog`.
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

    /// This level and all graver ones.
    pub fn and_graver(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |level| *level >= self)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.event_name().trim_end_matches("Log"))
    }
}

model! {
    /// A line of the server's log, whatever its level. Captured.
    pub struct LogMessage {
        /// The text, with line breaks; empty when the server sent none.
        default message: String = "message",
        /// When it was logged; a little earlier than the frame's own time.
        optional time_stamp: Timestamp = "timeStamp",
        /// The part of the server that logged it, `Alta.Console.CommandService`; empty when the server sent none.
        default logger: String = "logger",
    }
}

macro_rules! log_event {
    ($(#[$meta:meta])* $name:ident, $level:ident) => {
        impl $name {
            /// How grave its lines are.
            pub const LEVEL: LogLevel = LogLevel::$level;
        }

        model! {
            $(#[$meta])*
            ///
            /// Running a command is itself logged: a bot that answers log lines with commands answers itself.
            pub struct $name {
                /// The text, with line breaks; empty when the server sent none.
                default message: String = "message",
                /// When it was logged; a little earlier than the frame's own time.
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
    /// The finest log; busy. Commands that return nothing write here or to [`DebugLog`].
    TraceLog, Trace
}
log_event! {
    /// The log for finding faults; busy.
    DebugLog, Debug
}
log_event! {
    /// The log of what happens. Captured.
    InfoLog, Info
}
log_event! {
    /// The log of what looks wrong.
    WarnLog, Warn
}
log_event! {
    /// The log of what went wrong.
    ErrorLog, Error
}
log_event! {
    /// The log of what ends the server.
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
            .and_graver()
            .map(|level| level.to_string())
            .collect();
        assert_eq!(graver, ["Warn", "Error", "Fatal"]);
        assert_eq!(FatalLog::LEVEL, LogLevel::Fatal);
    }
}
