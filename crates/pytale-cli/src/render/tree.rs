use crate::render::scalar::scalar_text;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The depth at which a tree ends. A reply can nest deeper than a reader wants to read.
const DEEPEST: usize = 24;

/// An object as lines, each with a key and its value; inner objects and arrays are indented.
pub(crate) fn tree(object: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_object(&mut text, object, 0);
    text.truncate(text.trim_end().len());
    text
}

fn write_object(text: &mut String, object: &Map<String, Value>, depth: usize) {
    for (key, value) in object {
        write_entry(text, key, value, depth);
    }
}

fn write_entry(text: &mut String, key: &str, value: &Value, depth: usize) {
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{:indent$}{}:",
        "",
        pytale::model::escaped(key),
        indent = 2 * depth
    );
    if let Some(scalar) = scalar_text(value) {
        let _ = writeln!(text, " {scalar}");
        return;
    }
    text.push('\n');
    if depth >= DEEPEST {
        let _ = writeln!(text, "{:indent$}…", "", indent = 2 * (depth + 1));
        return;
    }
    match value {
        Value::Object(object) => write_object(text, object, depth + 1),
        Value::Array(array) => {
            for (number, value) in array.iter().enumerate() {
                write_entry(text, &(number + 1).to_string(), value, depth + 1);
            }
        }
        _ => {}
    }
}
