//! The frames of a console, as far as a replay must know them.

use pytale::model::{Timestamp, escaped};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most characters of a command in a message.
const SHOWN: usize = 200;

/// A frame of a client that is a command.
#[derive(Debug, Deserialize)]
pub(super) struct Request {
    pub(super) id: u32,
    pub(super) content: String,
}

/// The kind of a server's frame.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Reply(Option<u32>),
    Event(String),
    /// A notice, such as the reply to the token.
    Notice,
}

impl Kind {
    /// `None` for a text that is no frame.
    pub(super) fn of(frame: &str) -> Option<Self> {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(frame).ok()?;
        let field = |name: &str| {
            let mut found = fields.iter();
            let (_, raw) = found.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            serde_json::from_str::<Value>(raw.get()).ok()
        };
        // Old servers send numbers.
        let kind = field("type")?;
        let is = |name: &str, number: u64| {
            let text = kind.as_str();
            text.is_some_and(|text| text.eq_ignore_ascii_case(name))
                || kind.as_u64() == Some(number)
        };
        Some(if is("CommandResult", 2) {
            let id = field("commandId").and_then(|id| u32::try_from(id.as_u64()?).ok());
            Self::Reply(id)
        } else if is("Subscription", 1) {
            Self::Event(match field("eventType")? {
                Value::String(name) => name,
                other => other.to_string(),
            })
        } else {
            Self::Notice
        })
    }
}

/// The objects of a message: usually one, but some servers put several into one message.
pub(super) fn objects(message: &str) -> Vec<&str> {
    let objects = serde_json::Deserializer::from_str(message).into_iter::<&RawValue>();
    let objects: Result<Vec<_>, _> = objects.map(|raw| raw.map(RawValue::get)).collect();
    objects.unwrap_or_default()
}

/// The recorded reply as the reply to another request of the same command.
pub(super) fn reply_with_id(frame: &str, id: u32) -> String {
    let Ok(mut fields) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(frame) else {
        return frame.to_owned();
    };
    fields.retain(|name, _| !name.eq_ignore_ascii_case("commandId"));
    if let Ok(id) = serde_json::value::to_raw_value(&id) {
        fields.insert("commandId".to_owned(), id);
    }
    serde_json::to_string(&fields).unwrap_or_else(|_| frame.to_owned())
}

/// The reply to the token, if the transcript has none because the recording began later.
pub(super) fn accepted() -> String {
    json!({
        "type": "SystemMessage",
        "timeStamp": Timestamp::now().to_string(),
        "eventType": "InfoLog",
        "data": "Connection Succeeded, Authenticated as: 0 - Server",
    })
    .to_string()
}

/// A reply to `websocket subscribe` that was not recorded.
pub(super) fn subscription_result(id: u32, result: &str) -> String {
    reply(id, &json!({"Result": result, "ResultString": result}))
}

/// The reply to a command that is not in the transcript.
pub(super) fn not_recorded(id: u32, line: &str, near: Option<&str>) -> String {
    let near = near.map_or_else(String::new, |near| {
        format!("; it has one to {}", escaped(near).at_most(SHOWN))
    });
    let line = escaped(line).at_most(SHOWN);
    let message = format!("the replayed transcript has no reply to {line}{near}");
    reply(
        id,
        &json!({"Exception": {"ClassName": "Replay", "Message": message}}),
    )
}

fn reply(id: u32, data: &Value) -> String {
    json!({
        "type": "CommandResult",
        "timeStamp": Timestamp::now().to_string(),
        "data": data,
        "commandId": id,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_recognized_by_name_and_number() {
        for (frame, kind) in [
            (
                r#"{"type":"CommandResult","data":{},"commandId":7}"#,
                Kind::Reply(Some(7)),
            ),
            (
                r#"{"type":2,"data":{},"commandId":null}"#,
                Kind::Reply(None),
            ),
            (
                r#"{"type":"Subscription","eventType":"PlayerLeft"}"#,
                Kind::Event("PlayerLeft".to_owned()),
            ),
            (r#"{"type":0,"data":"x"}"#, Kind::Notice),
        ] {
            assert_eq!(Kind::of(frame), Some(kind), "{frame}");
        }
        assert_eq!(Kind::of("<redacted>"), None);
        assert_eq!(objects(r#"{"a":1} {"b":2}"#), [r#"{"a":1}"#, r#"{"b":2}"#]);
    }

    #[test]
    fn a_reply_gets_the_id_of_the_new_request_and_keeps_its_data() {
        let frame = r#"{"type":"CommandResult","data":{"Result":1.50},"commandId":7}"#;
        let sent = reply_with_id(frame, 40);
        assert_eq!(Kind::of(&sent), Some(Kind::Reply(Some(40))));
        assert!(sent.contains(r#"{"Result":1.50}"#), "{sent}");
    }
}
