use crate::render::scalar::scalar_text;
use pytale::console::{Event, Missed};
use pytale::model::escaped;
use serde_json::{Map, Value, json};
use std::fmt;

/// The deepest object that is shown in a line.
const DEEPEST: usize = 3;

/// An item of a stream: an event, or a note about missing events.
pub(crate) struct EventItem {
    item: Result<Event<Value>, Missed>,
    line: String,
}

impl From<Result<Event<Value>, Missed>> for EventItem {
    fn from(item: Result<Event<Value>, Missed>) -> Self {
        let line = match &item {
            Ok(event) => event_line(event),
            Err(missed) => format!("-- {missed}"),
        };
        Self { item, line }
    }
}

impl EventItem {
    pub(crate) fn is_event(&self) -> bool {
        self.item.is_ok()
    }

    /// The name of the event, without control characters.
    pub(crate) fn name(&self) -> Option<String> {
        let event = self.item.as_ref().ok()?;
        Some(escaped(event.name.as_str()).to_string())
    }

    /// Returns whether the line contains a text in lower case. A note about missing events is shown in any case.
    pub(crate) fn contains(&self, text: Option<&str>) -> bool {
        self.item.is_err() || text.is_none_or(|text| self.line.to_lowercase().contains(text))
    }

    /// An event with its time, name and data, or an object with the field `missed`.
    pub(crate) fn json(&self) -> Value {
        match &self.item {
            // Not reached: every part of an event can be written as JSON.
            Ok(event) => serde_json::to_value(event).unwrap_or_else(
                |error| json!({"missed": "undecodable", "reason": error.to_string()}),
            ),
            Err(missed) => missed_json(missed),
        }
    }
}

impl fmt::Display for EventItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

fn missed_json(missed: &Missed) -> Value {
    match missed {
        Missed::Gap { since, until } => {
            json!({"missed": "gap", "since": since.to_string(), "until": until.to_string()})
        }
        Missed::Lagged(events) => json!({"missed": "lagged", "events": events}),
        Missed::Undecodable { reason, raw } => {
            json!({"missed": "undecodable", "reason": reason, "frame": raw.as_str()})
        }
        other => json!({"missed": "other", "reason": other.to_string()}),
    }
}

/// An event in one line: the time in UTC, the name, and the fields; a user as the name alone.
pub(crate) fn event_line(event: &Event<Value>) -> String {
    let time = event
        .timestamp()
        .unwrap_or_else(|| event.received())
        .to_string();
    let clock = time.split_once('T').map_or("", |(_, clock)| clock);
    let seconds = clock.get(..8).unwrap_or(clock);
    let fields = fields(&event.data, DEEPEST);
    format!(
        "{seconds} {}{}{fields}",
        escaped(event.name.as_str()),
        if fields.is_empty() { "" } else { " " }
    )
}

fn fields(value: &Value, depth: usize) -> String {
    match value {
        Value::Object(object) => object_fields(object, depth),
        other => one(other, depth),
    }
}

fn object_fields(object: &Map<String, Value>, depth: usize) -> String {
    let fields = object
        .iter()
        .map(|(key, value)| format!("{}={}", escaped(key), one(value, depth)));
    fields.collect::<Vec<_>>().join(" ")
}

fn one(value: &Value, depth: usize) -> String {
    if let Some(user) = username(value) {
        return escaped(user).to_string();
    }
    if let Some(text) = scalar_text(value) {
        return text.replace('\n', " ");
    }
    match value {
        _ if depth == 0 => "…".to_owned(),
        Value::Object(object) => format!("{{{}}}", object_fields(object, depth - 1)),
        Value::Array(values) => {
            let values = values.iter().map(|value| one(value, depth - 1));
            format!("[{}]", values.collect::<Vec<_>>().join(", "))
        }
        _ => String::new(),
    }
}

/// The name in `{"id": 7, "username": "Ashwick"}`.
fn username(value: &Value) -> Option<&str> {
    let object = value.as_object().filter(|object| object.len() <= 2)?;
    let mut names = object
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case("username"));
    names.next()?.1.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_fields_of_an_event_are_in_one_line() {
        let moved = json!({"player": {"id": 7, "username": "O'Neil"}, "oldChunk": null, "newChunk": "Cave Layer 3", "at": [1.5, 2, 3]});
        assert_eq!(
            fields(&moved, DEEPEST),
            "at=1.5, 2, 3 newChunk=Cave Layer 3 oldChunk=- player=O'Neil"
        );
        assert_eq!(fields(&json!("a\nb\u{1b}[1m"), DEEPEST), "a b\\u{1b}[1m");
    }
}
