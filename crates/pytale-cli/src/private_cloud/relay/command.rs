//! The command in a client's frame, and the frames that the relay itself sends.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// A command as a client sends it: `{"id": 5, "content": "player list"}`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct CommandFrame {
    pub(crate) id: Option<Value>,
    pub(crate) line: Option<String>,
    /// `true` if a member occurs twice. Servers ignore the letter case of names, and differ in which of both they use.
    pub(crate) is_ambiguous: bool,
}

impl CommandFrame {
    /// Reads a frame; `None` if it is no JSON object.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl<'de> Deserialize<'de> for CommandFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = CommandFrame;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CommandFrame, A::Error> {
        let mut frame = CommandFrame::default();
        let mut names = BTreeSet::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            let name = name.to_lowercase();
            match (name.as_str(), value) {
                ("id", id) => frame.id = Some(id),
                ("content", Value::String(line)) => frame.line = Some(line),
                _ => {}
            }
            frame.is_ambiguous |= !names.insert(name);
        }
        Ok(frame)
    }
}

/// The reply to a command that the relay refuses, in the form of a console's exception.
pub(super) fn exception(id: Option<&Value>, message: &str) -> String {
    let mut frame = json!({
        "type": "CommandResult",
        "timeStamp": now(),
        "data": {"Exception": {
            "ClassName": "System.UnauthorizedAccessException",
            "Message": message,
            "Data": null,
            "InnerException": null,
            "HelpURL": null,
            "StackTraceString": null,
            "RemoteStackTraceString": null,
            "RemoteStackIndex": 0,
            "ExceptionMethod": null,
            "HResult": -2_147_024_891_i64,
            "Source": "tale cloud",
        }},
    });
    if let (Some(id), Some(frame)) = (id, frame.as_object_mut()) {
        frame.insert("commandId".to_owned(), id.clone());
    }
    frame.to_string()
}

/// The refusal of a token.
pub(super) fn refusal(message: &str) -> String {
    json!({
        "type": "SystemMessage",
        "timeStamp": now(),
        "eventType": "FatalLog",
        "data": message,
    })
    .to_string()
}

fn now() -> String {
    pytale::model::Timestamp::now().to_string()
}
