use crate::render::scalar::scalar_text;
use pytale::console::Event;
use pytale::model::escaped;
use serde_json::{Map, Value};

/// The deepest object that is shown in a line.
const DEEPEST: usize = 3;

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
