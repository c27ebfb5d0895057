//! Reads request bodies and frames of the main websocket as leniently as the real service did.
//!
//! It accepted single quotes, so the output of Python's `str(dict)` worked (py-tale), and numbers and bools in strings
//! (`"should_launch":"false"`).

use serde_json::Value;

/// Parses a body as JSON or, if it is not JSON, as a printed Python dictionary. An empty body is an empty object.
pub(crate) fn parse(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?.trim();
    if text.is_empty() {
        return Some(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_str(text)
        .ok()
        .or_else(|| serde_json::from_str(&from_python(text)).ok())
}

/// A bool, or a string that holds one in any letter case.
pub(crate) fn flag(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An integer that is not negative, or a string that holds one.
pub(crate) fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    }
}

/// The member of an object whose name matches in any letter case, as in Json.NET.
pub(crate) fn member<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    body.as_object()?
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The member of an object, if it is a string.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    member(body, name)?.as_str()
}

/// Converts single-quoted strings to double-quoted ones, and Python's constants to those of JSON.
fn from_python(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        match first {
            quote @ ('\'' | '"') => {
                out.push('"');
                while let Some(inner) = chars.next() {
                    match inner {
                        _ if inner == quote => break,
                        '"' => out.push_str("\\\""),
                        '\\' => match chars.next() {
                            Some('\'') => out.push('\''),
                            Some(escaped) => out.extend(['\\', escaped]),
                            None => {}
                        },
                        _ => out.push(inner),
                    }
                }
                out.push('"');
            }
            letter if letter.is_ascii_alphabetic() => {
                let mut word = String::from(letter);
                while let Some(next) = chars.next_if(char::is_ascii_alphabetic) {
                    word.push(next);
                }
                out.push_str(match word.as_str() {
                    "True" => "true",
                    "False" => "false",
                    "None" => "null",
                    other => other,
                });
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{flag, number, parse, text};
    use serde_json::json;

    #[test]
    fn a_printed_python_dictionary_is_read() {
        let body = parse(
            br#"{'username': "O'Neil", 'password_hash': 'ab"c', 'n': None, 'yes': True, 'x': 1}"#,
        );
        let expected =
            json!({"username": "O'Neil", "password_hash": "ab\"c", "n": null, "yes": true, "x": 1});
        assert_eq!(body, Some(expected));
    }

    #[test]
    fn bools_may_be_strings_and_names_may_have_any_letter_case() {
        let body = parse(br#"{"Should_Launch":"False","name":"Thornwood"}"#).unwrap();
        assert_eq!(flag(super::member(&body, "should_launch")), Some(false));
        assert_eq!(text(&body, "NAME"), Some("Thornwood"));
        assert_eq!(flag(Some(&json!("perhaps"))), None);
        for id in [json!(5), json!("5"), json!(" 5 ")] {
            assert_eq!(number(Some(&id)), Some(5));
        }
        assert_eq!(number(Some(&json!(-5))), None);
    }

    #[test]
    fn an_empty_body_is_an_empty_object_and_html_is_refused() {
        assert_eq!(parse(b" "), Some(json!({})));
        assert_eq!(parse(b"<html>"), None);
    }
}
