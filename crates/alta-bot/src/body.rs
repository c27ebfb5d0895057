//! The body with which py-tale asks for a console, as a text.

use crate::error::ErrorKind;
use alta_rest::ConsoleOptions;
use serde_json::Value;

/// Reads a JSON object of `should_launch` and `ignore_offline`, each true, false, or one of these words as a text, as
/// py-tale's README has them.
pub(crate) fn read(body: &str) -> Result<ConsoleOptions, ErrorKind> {
    let format = |reason: String| ErrorKind::ArgumentFormat { reason };
    let value: Value = serde_json::from_str(body)
        .map_err(|error| format(format!("the body is no JSON: {error}")))?;
    let Value::Object(fields) = value else {
        let reason = "the body is JSON, but no object".to_owned();
        return Err(ErrorKind::ArgumentType { reason });
    };
    let mut options = ConsoleOptions::default();
    for (name, value) in &fields {
        let field = match name.as_str() {
            "should_launch" => &mut options.should_launch,
            "ignore_offline" => &mut options.ignore_offline,
            _ => {
                return Err(format(format!(
                    "the body has a field {name:?}, which means nothing"
                )));
            }
        };
        *field = truth(name, value)?;
    }
    Ok(options)
}

fn truth(name: &str, value: &Value) -> Result<bool, ErrorKind> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Value::String(text) => Err(ErrorKind::ArgumentFormat {
            reason: format!("{name} is {text:?} and not true or false"),
        }),
        other => Err(ErrorKind::ArgumentType {
            reason: format!("{name} is {other} and not true or false"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_may_be_a_text_as_in_py_tale() {
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
    fn a_wrong_type_is_told_from_a_wrong_format() {
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
