use crate::Timestamp;

model! {
    /// A line of the server's log, whatever its level. Captured.
    pub struct LogMessage {
        /// The text, with line breaks.
        default message: String = "message",
        /// When it was logged; a little earlier than the frame's own time.
        optional time_stamp: Timestamp = "timeStamp",
        /// The part of the server that logged it, `Alta.Console.CommandService`.
        default logger: String = "logger",
    }
}

macro_rules! log_event {
    ($(#[$meta:meta])* $name:ident) => {
        model! {
            $(#[$meta])*
            ///
            /// Running a command is itself logged: a bot that answers log lines with commands answers itself.
            pub struct $name {
                /// The text, with line breaks.
                default message: String = "message",
                /// When it was logged; a little earlier than the frame's own time.
                optional time_stamp: Timestamp = "timeStamp",
                /// The part of the server that logged it, `Alta.Console.CommandService`.
                default logger: String = "logger",
            }
        }

        impl From<$name> for LogMessage {
            fn from($name { message, time_stamp, logger }: $name) -> Self {
                Self { message, time_stamp, logger }
            }
        }
    };
}

log_event! {
    /// The finest log; busy. Commands that return nothing write here or to [`DebugLog`].
    TraceLog
}
log_event! {
    /// The log for finding faults; busy.
    DebugLog
}
log_event! {
    /// The log of what happens. Captured.
    InfoLog
}
log_event! {
    /// The log of what looks wrong.
    WarnLog
}
log_event! {
    /// The log of what went wrong.
    ErrorLog
}
log_event! {
    /// The log of what ends the server.
    FatalLog
}
