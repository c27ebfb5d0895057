use crate::Skipped;
use serde_json::Value;

model! {
    /// The reason why a command failed: a serialized .NET exception. Captured.
    ///
    /// Some servers send a string instead of the object; it becomes the [`message`](Self::message), and the
    /// [`class_name`](Self::class_name) if it names one.
    pub struct Exception [text: Exception::from_any_text] {
        /// The .NET type, `System.Exception`; empty when the server sent none.
        default class_name: String = "ClassName",
        /// The message for people; may begin with `[CommandService.Handle] Command not found. Did you mean: ` and a
        /// list of lines.
        default message: String = "Message",
        /// Further data of any shape.
        optional data: Value = "Data",
        /// The cause.
        optional inner_exception: Box<Exception> = "InnerException",
        /// The link to more information.
        optional help_url: String = "HelpURL",
        /// The stack trace in the server.
        optional stack_trace: String = "StackTraceString",
        /// The stack trace in another program.
        optional remote_stack_trace: String = "RemoteStackTraceString",
        /// The number of programs that it passed.
        optional remote_stack_index: i64 = "RemoteStackIndex",
        /// The method; its shape is not attested.
        optional exception_method: Value = "ExceptionMethod",
        /// The .NET error number, negative.
        optional h_result: i64 = "HResult",
        /// The program or library.
        optional source: String = "Source",
    }
}

impl Exception {
    /// Parses an exception in a string, `System.NullReferenceException: Object reference not set…`; none if the string does not
    /// begin with a dotted name that ends in `Exception`, followed by a colon (tavernpy). The number of an error may precede the
    /// colon, `System.Net.Sockets.SocketException (10061): …`. The colon is missing if the exception has no message: then the
    /// string ends after the name, which has a dot, or continues in the next line.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end_of_name = text.find([':', '(', ' ', '\r', '\n']);
        let (class_name, rest) = text.split_at(end_of_name.unwrap_or(text.len()));
        let behind_number = rest
            .strip_prefix(" (")
            .and_then(|number| number.split_once("):"));
        let message = match (rest.strip_prefix(':'), behind_number) {
            (Some(message), _) | (None, Some((_, message))) => message,
            _ if class_name.contains('.')
                && (rest.is_empty() || rest.starts_with(['\r', '\n'])) =>
            {
                rest
            }
            _ => return None,
        };
        let identifier = |part: &str| {
            part.starts_with(|first: char| first.is_alphabetic() || first == '_')
                && part
                    .chars()
                    .all(|other| other.is_alphanumeric() || matches!(other, '_' | '+' | '`'))
        };
        let is_exception =
            class_name.ends_with("Exception") && class_name.split('.').all(identifier);
        is_exception.then(|| Self {
            class_name: class_name.to_owned(),
            ..Self::from_message(message.trim_start())
        })
    }

    fn from_any_text(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self::from_message(text))
    }

    fn from_message(message: &str) -> Self {
        Self {
            class_name: String::new(),
            message: message.to_owned(),
            data: None,
            inner_exception: None,
            help_url: None,
            stack_trace: None,
            remote_stack_trace: None,
            remote_stack_index: None,
            exception_method: None,
            h_result: None,
            source: None,
            skipped: Skipped::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_that_begins_with_the_name_of_an_exception_is_parsed() {
        let exception =
            Exception::parse("System.NullReferenceException: Object reference not set").unwrap();
        assert_eq!(exception.class_name, "System.NullReferenceException");
        assert_eq!(exception.message, "Object reference not set");
        for text in [
            "Success",
            "Note: Exception",
            "An Exception: not a name",
            "NotFoundException",
            "System.Exception is a class",
            "System.Exception (see below)",
            "System.Exceptional",
            "1Exception: x",
            "Ashwick: hello",
        ] {
            assert!(Exception::parse(text).is_none(), "{text}");
        }
        for (text, message) in [
            ("System.Exception: x", "x"),
            (" System.Exception:x", "x"),
            ("System.Exception (0x80004005): x", "x"),
            ("System.Exception", ""),
            ("System.Exception\r\n   at A.B()", "at A.B()"),
        ] {
            let exception = Exception::parse(text).unwrap();
            assert_eq!(
                (exception.class_name.as_str(), exception.message.as_str()),
                ("System.Exception", message)
            );
        }
        assert!(Exception::parse("Exception: x").is_some());
    }

    #[test]
    fn an_exception_is_read_from_an_object_and_from_any_string() {
        let exception: Exception = serde_json::from_str(
            r#"{"ClassName": "A.BException", "Message": "outer", "HResult": -2146233088,
                "InnerException": {"Message": "inner"}}"#,
        )
        .unwrap();
        assert_eq!(exception.h_result, Some(-2_146_233_088));
        assert_eq!(exception.inner_exception.unwrap().message, "inner");
        let text: Exception = serde_json::from_str("\"no such player\"").unwrap();
        assert_eq!(
            (text.class_name.as_str(), text.message.as_str()),
            ("", "no such player")
        );
    }
}
