use crate::render::modules::modules_text;
use crate::render::scalar::{lines_escaped, scalar_text};
use crate::render::table::table;
use crate::render::tree::tree;
use pytale::console::Reply;
use pytale::model::escaped;
use serde_json::Value;

/// The result of a command as text: a list of objects as a table, an object as a tree, a vector in one line.
pub(crate) fn print_reply(reply: &Reply, width: u16) -> String {
    match reply.result() {
        Some(result) if !result.is_null() => value_text(&result, width),
        _ => lines_escaped(reply.text().unwrap_or("Success")),
    }
}

pub(super) fn value_text(value: &Value, width: u16) -> String {
    if let Some(scalar) = scalar_text(value) {
        return scalar;
    }
    match value {
        Value::Array(values) if values.is_empty() => "(none)".to_owned(),
        Value::Array(values) => match (modules_text(values), columns(values)) {
            (Some(modules), _) => modules,
            (None, Some(columns)) => records(values, &columns, width),
            (None, None) => list(values, width),
        },
        Value::Object(object) if object.is_empty() => "(none)".to_owned(),
        Value::Object(object) => tree(object),
        _ => String::new(),
    }
}

/// The largest number of columns. Objects with more keys than that have little in common.
const MOST_COLUMNS: usize = 64;

/// The keys of all objects in the order of the first appearance; `None` if an entry is no object, or with too many keys.
pub(super) fn columns(values: &[Value]) -> Option<Vec<&str>> {
    let mut columns: Vec<&str> = Vec::new();
    for value in values {
        for key in value.as_object()?.keys() {
            if !columns.contains(&key.as_str()) {
                if columns.len() == MOST_COLUMNS {
                    return None;
                }
                columns.push(key);
            }
        }
    }
    Some(columns)
}

/// A table; a nested value that does not fit in a cell makes the whole result a list of trees.
fn records(values: &[Value], columns: &[&str], width: u16) -> String {
    let cell =
        |value: &Value, column: &&str| value.get(*column).map_or(Some("-".to_owned()), scalar_text);
    let rows: Option<Vec<Vec<String>>> = values
        .iter()
        .map(|value| columns.iter().map(|column| cell(value, column)).collect())
        .collect();
    let headings = columns.iter().map(|column| escaped(*column));
    match rows {
        Some(rows) => table(width, headings, rows),
        None => list(values, width),
    }
}

fn list(values: &[Value], width: u16) -> String {
    let entries: Vec<String> = values
        .iter()
        .map(|value| value_text(value, width))
        .collect();
    let separator = if entries.iter().any(|entry| entry.contains('\n')) {
        "\n\n"
    } else {
        "\n"
    };
    entries.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_shape_has_its_form() {
        for (value, text) in [
            (json!(3.5), "3.5"),
            (json!(true), "yes"),
            (json!([1.0, 2.25, -3]), "1, 2.25, -3"),
            (json!({"x": 1, "y": 2.5, "z": 0.12345}), "1, 2.5, 0.123"),
            (json!([]), "(none)"),
            (json!(["a", "b"]), "a\nb"),
            (
                json!([{"id": 7, "username": "Ashwick"}, {"id": 1_234_567, "username": "Bo"}]),
                "ID       USERNAME\n7        Ashwick\n1234567  Bo",
            ),
            (
                json!({"a": 1, "b": {"c": [{"d": 2}]}}),
                "a: 1\nb:\n  c:\n    1:\n      d: 2",
            ),
            (
                json!([{"Head": [1, 2, 3], "Items": [{"Name": "Torch"}]}]),
                "Head: 1, 2, 3\nItems:\n  1:\n    Name: Torch",
            ),
        ] {
            assert_eq!(value_text(&value, 80), text, "{value}");
        }
    }

    #[test]
    fn a_table_is_not_wider_than_the_terminal() {
        let players = json!([{"id": 1_234_567_890, "username": "a very long name of a player"}]);
        for width in [20, 30, 40] {
            let text = value_text(&players, width);
            assert!(
                text.lines()
                    .all(|line| line.chars().count() <= usize::from(width)),
                "{width}\n{text}"
            );
        }
    }

    #[test]
    fn objects_without_common_keys_are_no_table() {
        let objects = (0..1_000).map(|number| json!({format!("key{number}"): number}));
        let text = value_text(&objects.collect(), 80);
        assert!(text.starts_with("key0: 0\nkey1: 1"), "{text}");
    }

    #[test]
    fn escape_sequences_are_visible() {
        let text = value_text(&json!([{"na\u{1b}[31mme": "x\u{1b}]0;title\u{7}"}]), 80);
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    }
}
