//! The JSON body of py-tale's request for a console.

use crate::error::ErrorKind;
use alta_rest::ConsoleOptions;
use serde_json::Value;

/// Parses a JSON object with `should_launch` and `ignore_offline`. Each is a bool, or `"true"` or `"false"` as a string, as in
/// py-tale's README.
pub(crate) fn read(body: &str) -> Result<ConsoleOptions, ErrorKind> {
    let format = |reason: String| ErrorKind::ArgumentFormat { reason };
    let value: Value = serde_json::from_str(body)
        .map_err(|error| format(format!("the body is not JSON: {error}")))?;
    let Value::Object(fields) = value else {
        let reason = "the body is JSON, but not an object".to_owned();
        return Err(ErrorKind::ArgumentType { reason });
    };
    let mut options = ConsoleOptions::default();
    for (name, value) in &fields {
        let field = match name.as_str() {
            "should_launch" => &mut options.should_launch,
            "ignore_offline" => &mut options.ignore_offline,
            _ => {
                return Err(format(format!("the body has an unknown field {name:?}")));
            }
        };
        *field = parse_bool(name, value)?;
    }
    Ok(options)
}

fn parse_bool(name: &str, value: &Value) -> Result<bool, ErrorKind> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Value::String(text) => Err(ErrorKind::ArgumentFormat {
            reason: format!("{name} is {text:?}, not true or false"),
        }),
        other => Err(ErrorKind::ArgumentType {
            reason: format!("{name} is {other}, not true or false"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bool_may_be_a_string_as_in_py_tale() {
        let both = |launch, ignore| {
            ConsoleOptions::default()
                .should_launch(launch)
                .ignore_offline(ignore)
        };
        let body = r#"{"should_launch":"false","ignore_offline":"True"}"#;
        assert_eq!(read(body).unwrap(), both(false, true));
        assert_eq!(
            read(r#"{"should_launch":true}"#).unwrap(),
            both(true, false)
        );
        assert_eq!(read("{}").unwrap(), both(false, false));
    }

    #[test]
    fn a_wrong_type_and_a_wrong_format_are_different_errors() {
        let is_type = |body| match read(body).unwrap_err() {
            ErrorKind::ArgumentType { .. } => true,
            ErrorKind::ArgumentFormat { .. } => false,
            other => panic!("{other:?}"),
        };
        assert!(is_type("[]"));
        assert!(is_type(r#"{"should_launch":1}"#));
        assert!(!is_type("{"));
        assert!(!is_type(r#"{"should_launch":"maybe"}"#));
        assert!(!is_type(r#"{"should_lunch":true}"#));
    }
}
