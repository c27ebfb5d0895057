use pytale::model::escaped;
use serde_json::{Map, Value};

/// A value that fits in one line: a string, a number, a bool, a vector, a short list of scalars.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => lines_escaped(text),
        Value::Array(values) if values.is_empty() => "(none)".to_owned(),
        Value::Array(values) => {
            let numbers: Option<Vec<String>> = values
                .iter()
                .map(|value| value.as_f64().map(short))
                .collect();
            numbers
                .filter(|numbers| (2..=4).contains(&numbers.len()))?
                .join(", ")
        }
        Value::Object(object) => vector(object)?,
    })
}

/// A vector or a quaternion that is an object: `{"x": 1, "y": 2, "z": 3}`.
fn vector(object: &Map<String, Value>) -> Option<String> {
    let axes = ["x", "y", "z", "w"];
    let of = |axis: &str| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(axis))
    };
    let numbers: Vec<String> = axes
        .iter()
        .map_while(|axis| of(axis)?.1.as_f64().map(short))
        .collect();
    (numbers.len() >= 2 && numbers.len() == object.len()).then(|| numbers.join(", "))
}

/// A coordinate with at most three digits behind the point.
fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A string without control characters, such as the escape sequences of a terminal. Line breaks are kept.
pub(crate) fn lines_escaped(text: &str) -> String {
    // Most texts have nothing to escape, and some have many megabytes.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
    if text.bytes().all(is_plain) {
        return text.strip_suffix('\n').unwrap_or(text).to_owned();
    }
    let lines: Vec<String> = text.lines().map(|line| escaped(line).to_string()).collect();
    lines.join("\n")
}
