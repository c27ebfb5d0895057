use crate::wire::frame::{Frame, Kind};
use crate::wire::reply_fields::{ReplyFields, is_empty};
use crate::wire::scalar::Scalar;
use alta_model::console::result::{CommandInfo, Exception};
use alta_model::{Redactor, Timestamp, json};
use alta_socket::RawFrame;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// The number of characters of a result that are redacted for an error, and the number of them in `Debug`.
const REDACTED: usize = 2_000;

/// The server's reply to a command; for a failed command, see [`Error::reply`](crate::Error::reply).
///
/// A reply has a value in `Result`, a string in `ResultString` ("Success", a save string, a number), or both. A string that is
/// only the name of a .NET type has no meaning.
#[derive(Clone)]
pub struct Reply {
    frame: Frame,
    pub(super) fields: Arc<ReplyFields>,
    pub(super) redactor: Redactor,
}

impl Reply {
    pub(crate) fn new(frame: Frame, redactor: &Redactor) -> Self {
        let fields = match &frame.kind {
            Kind::Reply { fields, .. } => Arc::clone(fields),
            // No other frame is a reply.
            _ => Arc::default(),
        };
        Self {
            frame,
            fields,
            redactor: redactor.clone(),
        }
    }

    /// The server's error, if the command failed. It is read from `Exception`, or else from `Error`; from a string in
    /// `ResultString` or `Result` that begins with the name of an exception (tavernpy); or from an exception in `Result`. `None`
    /// if its shape is unknown; see [`raw`](Self::raw).
    pub fn exception(&self) -> Option<Exception> {
        if let Some(exception) = self.sent_exception() {
            return json::from_str(exception).ok();
        }
        match self.value().map(Scalar::of) {
            Some(Scalar::String(text)) => {
                Exception::parse(&text).or_else(|| Exception::parse(self.result_string()?))
            }
            Some(_) => self.exception_as_result(),
            None => Exception::parse(self.result_string()?),
        }
    }

    /// `Result` as JSON; `None` if it is missing.
    pub fn result(&self) -> Option<Value> {
        json::from_str(self.sent_result()?).ok()
    }

    /// `ResultString` as the server sent it: often `Success`, or only the name of a .NET type.
    pub fn result_string(&self) -> Option<&str> {
        self.fields.text(self.raw().as_str())
    }

    /// `ResultString`, unless it is only the name of a .NET type.
    pub fn text(&self) -> Option<&str> {
        self.result_string().filter(|text| !is_type_name(text))
    }

    /// The command that ran, and its overload. Some servers omit it.
    pub fn command(&self) -> Option<CommandInfo> {
        let command = self.fields.command(self.raw().as_str())?;
        json::from_str(command).ok()
    }

    /// The server's time of the reply.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.frame.timestamp()
    }

    /// The whole frame as it was received.
    pub fn raw(&self) -> &RawFrame {
        &self.frame.raw
    }

    pub(super) fn sent_result(&self) -> Option<&str> {
        self.fields.result(self.raw().as_str())
    }

    /// `Result`, unless it is an empty string, array or object.
    pub(super) fn value(&self) -> Option<&str> {
        self.sent_result().filter(|result| !is_empty(result))
    }

    /// The result, if its class name is that of an exception.
    fn exception_as_result(&self) -> Option<Exception> {
        let result = self.sent_result()?;
        let may_be = result.starts_with('{') && result.contains(r#"Exception""#);
        let exception: Exception = may_be.then(|| json::from_str(result).ok()).flatten()?;
        exception
            .class_name
            .ends_with("Exception")
            .then_some(exception)
    }

    pub(super) fn sent_exception(&self) -> Option<&str> {
        self.fields.exception(self.raw().as_str())
    }

    /// The beginning of a result, without secrets.
    pub(super) fn beginning(&self, text: &str, characters: usize) -> String {
        // Cut before it is redacted, because a result can be large. The redactor also finds a cut secret.
        let end = text.char_indices().nth(REDACTED);
        let beginning = &text[..end.map_or(text.len(), |(end, _)| end)];
        let redacted = self.redactor.redact(beginning);
        let mut shown: String = redacted.chars().take(characters).collect();
        if shown.len() < redacted.len() || beginning.len() < text.len() {
            shown.push('…');
        }
        shown
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beginning = |text: Option<&str>| text.map(|text| self.beginning(text, REDACTED));
        f.debug_struct("Reply")
            .field("result", &beginning(self.sent_result()))
            .field("result_string", &beginning(self.result_string()))
            .finish_non_exhaustive()
    }
}

/// Returns whether this is the name of a .NET type (a-township-container's rule): at least two identifiers joined by dots, with
/// `+` for nested types and a back-quote with a number for generic ones, and optionally arguments in square brackets.
fn is_type_name(text: &str) -> bool {
    let (name, arguments) = match text.split_once('[') {
        Some((name, arguments)) => (name, Some(arguments)),
        None => (text, None),
    };
    let identifier = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .is_some_and(|first| first.is_alphabetic() || first == '_')
            && letters.all(|other| other.is_alphanumeric() || matches!(other, '_' | '+' | '`'))
    };
    arguments.is_none_or(|arguments| arguments.ends_with(']'))
        && name.contains('.')
        && name.split('.').all(identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_differ_from_other_strings() {
        for name in [
            "System.Void",
            "Alta.Console.Commands.PlayerCommandModule+StatValue",
            "System.Collections.Generic.List`1[System.Object]",
        ] {
            assert!(is_type_name(name), "{name}");
        }
        for text in [
            "Success",
            "51234 - Torch(Clone)",
            "1.5",
            "a. b",
            "",
            "main-1.6",
            "..",
            "hello. World",
        ] {
            assert!(!is_type_name(text), "{text}");
        }
    }
}
