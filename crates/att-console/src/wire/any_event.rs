use crate::wire::event_name::EventName;
use crate::wire::frame::Frame;
#[allow(clippy::wildcard_imports, reason = "the types of all events")]
use alta_model::console::event::*;
use serde::Serialize;
use serde_json::Value;

macro_rules! any_event {
    ($($name:ident),* $(,)?) => {
        /// The data of an event of any kind, each kind in its own type. It serializes as that data.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum AnyEvent {
            $(
                #[doc = concat!("A [`", stringify!($name), "`](crate::event::", stringify!($name), ").")]
                $name(Box<$name>),
            )*
            /// An event that this library does not know; see [`Event::name`](crate::Event::name).
            Other(Value),
        }

        impl AnyEvent {
            pub(crate) fn read(name: &EventName, frame: &Frame) -> Result<Self, serde_json::Error> {
                match name.as_str() {
                    $($name::NAME => frame.decode().map(Self::$name),)*
                    _ => frame.decode().map(Self::Other),
                }
            }
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$($name::NAME),*];
    };
}

alta_model::for_each_console_event!(any_event);

impl AnyEvent {
    /// Converts a log event of any level to its level and its line.
    ///
    /// ```no_run
    /// use att_console::{Console, event::LogLevel};
    ///
    /// # async fn run(console: Console) -> Result<(), att_console::Error> {
    /// let levels = LogLevel::Info.and_more_severe().map(LogLevel::event_name);
    /// let mut events = console.subscribe_to_any(levels).await?;
    /// while let Some(event) = events.next_event().await {
    ///     if let Ok((level, line)) = event.data.into_log() {
    ///         println!("{level} {}: {}", line.logger, line.message);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the unchanged event if it is not a log event.
    pub fn into_log(self) -> Result<(LogLevel, LogMessage), Self> {
        match self {
            Self::TraceLog(log) => Ok((TraceLog::LEVEL, (*log).into())),
            Self::DebugLog(log) => Ok((DebugLog::LEVEL, (*log).into())),
            Self::InfoLog(log) => Ok((InfoLog::LEVEL, (*log).into())),
            Self::WarnLog(log) => Ok((WarnLog::LEVEL, (*log).into())),
            Self::ErrorLog(log) => Ok((ErrorLog::LEVEL, (*log).into())),
            Self::FatalLog(log) => Ok((FatalLog::LEVEL, (*log).into())),
            other => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::time::SystemTime;

    #[test]
    fn every_known_event_has_its_variant() {
        let names: BTreeSet<_> = NAMES.iter().copied().collect();
        assert_eq!(names, EVENT_NAMES.into());
    }

    #[test]
    fn an_unknown_event_is_passed_on_unchanged() {
        let read = |name: &str| {
            let text = format!(r#"{{"type":1,"eventType":"{name}","data":{{"message":"m"}}}}"#);
            let frame = Frame::read(text.as_str().into(), SystemTime::now()).unwrap();
            AnyEvent::read(&name.into(), &frame).unwrap()
        };
        assert!(matches!(read("DoorOpened"), AnyEvent::Other(data) if data["message"] == "m"));
        assert!(matches!(read("infolog"), AnyEvent::InfoLog(log) if log.message == "m"));
        for level in LogLevel::ALL {
            let (found, line) = read(level.event_name()).into_log().unwrap();
            assert_eq!((found, line.message.as_str()), (level, "m"));
        }
        assert!(matches!(
            read("DoorOpened").into_log(),
            Err(AnyEvent::Other(_))
        ));
    }
}
