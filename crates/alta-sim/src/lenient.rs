//! Request bodies and frames of the main websocket, as the cloud's reader forgave them.
//!
//! It took single quotes, so that Python's `str(dict)` worked (py-tale), and numbers and booleans in strings
//! (`"should_launch":"false"`).

use serde_json::Value;

/// Reads a body as JSON, or else as what Python prints for a dictionary. An empty body is an empty object.
pub(crate) fn parse(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?.trim();
    if text.is_empty() {
        return Some(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_str(text)
        .ok()
        .or_else(|| serde_json::from_str(&from_python(text)).ok())
}

/// A truth value, written as such or in a string of any case.
pub(crate) fn flag(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A number that is not negative, written as such or in a string.
pub(crate) fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    }
}

/// A member of an object, its name in any case, as Json.NET matches them.
pub(crate) fn member<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    body.as_object()?
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// A member that is text.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    member(body, name)?.as_str()
}

/// Turns single-quoted strings into double-quoted ones and Python's constants into JSON's.
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
    use serde_json::json;

    use super::{flag, number, parse, text};

    #[test]
    fn what_python_prints_for_a_dictionary_is_read() {
        let body = parse(
            br#"{'username': "O'Neil", 'password_hash': 'ab"c', 'n': None, 'yes': True, 'x': 1}"#,
        );
        let expected =
            json!({"username": "O'Neil", "password_hash": "ab\"c", "n": null, "yes": true, "x": 1});
        assert_eq!(body, Some(expected));
    }

    #[test]
    fn truth_values_may_be_strings_and_names_may_have_any_case() {
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
    fn no_body_is_an_empty_object_and_rubbish_is_refused() {
        assert_eq!(parse(b" "), Some(json!({})));
        assert_eq!(parse(b"<html>"), None);
    }
}
