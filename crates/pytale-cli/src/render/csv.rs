//! Results as CSV, for spreadsheets.

use crate::render::scalar::lines_escaped;
use crate::render::shape::columns;
use serde_json::Value;

/// A result as CSV: a list of objects with a row of their keys, an object as rows of key and value, anything else as one column.
pub(crate) fn csv_of(value: &Value) -> String {
    let one = |value: &Value| vec![cell(value)];
    match value {
        Value::Array(values) => match columns(values) {
            Some(columns) if !columns.is_empty() => {
                let rows = values.iter().map(|value| {
                    let cells = columns.iter().map(|column| value.get(*column).map(cell));
                    cells.map(Option::unwrap_or_default).collect()
                });
                csv(&columns, rows)
            }
            _ => csv(&["value"], values.iter().map(one)),
        },
        Value::Object(object) => {
            let rows = object
                .iter()
                .map(|(key, value)| vec![text(key), cell(value)]);
            csv(&["key", "value"], rows)
        }
        other => csv(&["value"], std::iter::once(one(other))),
    }
}

/// A row of headings, and the rows. The cells are those of [`cell`] or [`text`].
pub(crate) fn csv(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let headings = headings.iter().map(|heading| text(heading)).collect();
    let lines = std::iter::once(headings).chain(rows);
    let lines = lines.map(|row: Vec<String>| {
        let cells = row.iter().map(|cell| quoted(cell));
        cells.collect::<Vec<_>>().join(",")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A value in a cell. A null is an empty cell; a nested value is JSON.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(value) => text(value),
        Value::Array(_) | Value::Object(_) => text(&value.to_string()),
        other => other.to_string(),
    }
}

/// A text in a cell. A text that a spreadsheet would run as a formula gets an apostrophe, which the spreadsheet does not show.
pub(crate) fn text(text: &str) -> String {
    let text = lines_escaped(text);
    if text.starts_with(['=', '+', '-', '@']) {
        return format!("'{text}");
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) || cell.trim() != cell {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_shape_is_rows_of_cells() {
        for (value, expected) in [
            (
                json!([{"id": 7, "name": "O\"Neil, Jr."}, {"id": -1, "at": [1, 2]}]),
                "id,name,at\n7,\"O\"\"Neil, Jr.\",\n-1,,\"[1,2]\"",
            ),
            (json!({"a": true, "b": null}), "key,value\na,true\nb,"),
            (json!(["x", 2.5]), "value\nx\n2.5"),
            (json!([]), "value"),
            (json!("two\nlines"), "value\n\"two\nlines\""),
        ] {
            assert_eq!(csv_of(&value), expected, "{value}");
        }
    }

    #[test]
    fn a_name_is_no_formula_and_no_escape_sequence() {
        let players =
            json!([{"name": "=HYPERLINK(1)"}, {"name": "@x\u{1b}[2J"}, {"name": "-Bee-"}]);
        assert_eq!(
            csv_of(&players),
            "name\n'=HYPERLINK(1)\n'@x\\u{1b}[2J\n'-Bee-"
        );
    }
}
