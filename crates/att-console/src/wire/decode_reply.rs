//! Decodes the result of a reply, or the error in it.

use crate::error::{Error, ErrorKind};
use crate::wire::frame::Frame;
use crate::wire::reply::Reply;
use alta_model::console::result::Exception;
use alta_model::{Listing, Redactor, json};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

/// The number of characters of a result in an error.
const SHOWN: usize = 120;

impl Reply {
    /// Returns the reply of a command that succeeded, or the error of a command that failed.
    pub(crate) fn of(frame: Frame, redactor: &Redactor) -> Result<Self, ErrorKind> {
        let reply = Self::new(frame, redactor);
        match reply.failure() {
            None => Ok(reply),
            Some(failure) => Err(failure),
        }
    }

    /// The error of a failed command, without secrets.
    pub(crate) fn failure(&self) -> Option<ErrorKind> {
        let mut failure = self.sent_failure()?;
        let strings = match &mut failure {
            ErrorKind::Server { class, message } => vec![class, message],
            ErrorKind::CommandNotFound { suggestions } => suggestions.iter_mut().collect(),
            ErrorKind::Decode { reason } => vec![reason],
            _ => Vec::new(),
        };
        for string in strings {
            if let Cow::Owned(redacted) = self.redactor.redact(string) {
                *string = redacted;
            }
        }
        Some(failure)
    }

    /// The error of a failed command. A reply that cannot be read counts as a failure.
    fn sent_failure(&self) -> Option<ErrorKind> {
        if let Some(exception) = self.exception() {
            return Some(failure(
                exception,
                self.sent_exception().unwrap_or_default(),
            ));
        }
        if let Some(odd) = self.sent_exception() {
            // An unknown shape: the message is its JSON.
            return Some(ErrorKind::Server {
                class: String::new(),
                message: odd.to_owned(),
            });
        }
        let odd = self.fields.unreadable_text(self.raw().as_str())?;
        self.value().is_none().then(|| ErrorKind::Decode {
            reason: format!(
                "the server sent {} instead of a string",
                self.beginning(odd, SHOWN)
            ),
        })
    }

    /// Reads the result as a `T`: from `Result`, or else from `ResultString`, which may be JSON or a plain string.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] for another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let from_text = |text: &str| {
            json::from_str(text).or_else(|_| serde_json::from_value(Value::String(text.to_owned())))
        };
        let read = match (self.sent_result(), self.text()) {
            (Some(result), _) => {
                json::from_str(result).or_else(|error| numbers_in_text(result).ok_or(error))
            }
            (None, Some(text)) => from_text(text),
            (None, None) => serde_json::from_value(Value::Null),
        };
        read.map_err(|error| self.unreadable(error))
    }

    /// Reads the result as a list. A single object is a list of one entry, and no result is an empty list. Null and
    /// invalid entries are skipped, and counted in [`Listing::skipped`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] for another shape, or if all entries are invalid.
    pub fn read_list<T: DeserializeOwned>(&self) -> Result<Listing<T>, Error> {
        self.read_entries(json::list, |entry| vec![entry])
    }

    /// Reads the result as a list, with `None` for each null or invalid entry.
    pub(crate) fn read_places<T: DeserializeOwned>(&self) -> Result<Listing<Option<T>>, Error> {
        self.read_entries(json::places, |entry| vec![Some(entry)])
    }

    /// Reads a list without its invalid entries. Returns an empty list for another shape.
    pub(crate) fn read_leniently<T: DeserializeOwned>(&self) -> Listing<T> {
        let many = |text: &str| json::part_of_list(text).map(|(list, _)| list);
        let read = self.read_entries(many, |entry| vec![entry]);
        read.unwrap_or_default()
    }

    fn read_entries<T: DeserializeOwned, E>(
        &self,
        many: fn(&str) -> Result<Listing<E>, serde_json::Error>,
        one: fn(T) -> Vec<E>,
    ) -> Result<Listing<E>, Error> {
        // The string may contain the list.
        let in_text = || self.text().filter(|text| text.starts_with("[{"));
        let Some(result) = self.sent_result().or_else(in_text) else {
            return Ok(Listing::default());
        };
        let read = if result.starts_with('[') {
            many(result)
        } else {
            json::from_str(result).map(|entry| one(entry).into())
        };
        read.map_err(|error| self.unreadable(error))
    }

    fn unreadable(&self, error: serde_json::Error) -> Error {
        let text = self.sent_result().or(self.result_string());
        let text = self.beginning(text.unwrap_or_default(), SHOWN);
        let place = if text.is_empty() { "" } else { ", in " };
        let cause = self.redactor.cause(error);
        let reason = format!("{cause}{place}{text}");
        Error::new(ErrorKind::Decode { reason }, "reading a result")
            .with_reply(self.clone())
            .caused_by(cause)
    }
}

/// Converts an exception. `sent` is its JSON.
fn failure(exception: Exception, sent: &str) -> ErrorKind {
    let not_found = "Command not found.";
    let causes = std::iter::successors(Some(&exception), |cause| cause.inner_exception.as_deref());
    let message = causes
        .map(|cause| &cause.message)
        .find(|message| !message.is_empty());
    let message = message.map_or_else(|| sent.to_owned(), String::clone);
    if let Some((_, rest)) = message.split_once(not_found) {
        let names = rest
            .split_once("Did you mean:")
            .map_or("", |(_, names)| names);
        let names = names.lines().map(str::trim).filter(|name| !name.is_empty());
        return ErrorKind::CommandNotFound {
            suggestions: names.map(str::to_owned).collect(),
        };
    }
    ErrorKind::Server {
        class: exception.class_name,
        message,
    }
}

/// Reads a number or bool that is in a string, or an integer with a fraction of zero.
fn numbers_in_text<T: DeserializeOwned>(result: &str) -> Option<T> {
    let in_text = json::from_str::<String>(result).ok();
    let in_text = in_text.and_then(|text| json::from_str(text.trim()).ok());
    in_text.or_else(|| json::from_str(&json::whole_number::<i64>(result)?.to_string()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alta_model::User;
    use std::time::SystemTime;

    fn reply(data: &str) -> Result<Reply, ErrorKind> {
        let text = format!(r#"{{"type":"CommandResult","data":{data},"commandId":1}}"#);
        Reply::of(
            Frame::read(text.as_str().into(), SystemTime::now()).unwrap(),
            &Redactor::new(),
        )
    }

    #[test]
    fn the_result_comes_before_the_string_and_a_type_name_is_no_string() {
        let list = reply(
            r#"{"Result":[{"id":1200000001,"username":"Ashwick"}],"ResultString":"System.Collections.Generic.List`1[System.Object]"}"#,
        )
        .unwrap();
        assert_eq!(list.read::<Vec<User>>().unwrap()[0].username, "Ashwick");
        assert_eq!(list.text(), None);

        let save = reply(r#"{"ResultString":"42230,252,|1,2"}"#).unwrap();
        assert_eq!(save.read::<String>().unwrap(), "42230,252,|1,2");
        let balance = reply(r#"{"Result":"975","ResultString":"975"}"#).unwrap();
        assert_eq!(balance.read::<i64>().unwrap(), 975);
        let only_text = reply(r#"{"ResultString":"975"}"#).unwrap();
        assert_eq!(only_text.read::<i64>().unwrap(), 975);
        reply(r#"{"ResultString":"Success"}"#).unwrap();
        for whole in ["5.0", "\"5.0\"", "\" 5 \""] {
            let whole = reply(&format!(r#"{{"Result":{whole}}}"#)).unwrap();
            assert_eq!(whole.read::<u32>().unwrap(), 5);
        }
    }

    #[test]
    fn data_can_be_a_string_null_or_an_array() {
        assert_eq!(reply("\"done\"").unwrap().text(), Some("done"));
        assert_eq!(reply("null").unwrap().text(), None);
        assert_eq!(reply("null").unwrap().result(), None);
        assert_eq!(reply("[1]").unwrap().read::<Vec<i64>>().unwrap(), [1]);
    }

    #[test]
    fn one_object_and_a_list_with_nulls_are_read_as_lists() {
        let one = reply(r#"{"Result":{"id":1,"username":"Ashwick"}}"#).unwrap();
        assert_eq!(one.read_list::<User>().unwrap().len(), 1);
        let in_text = reply(r#"{"ResultString":"[{\"id\":1,\"username\":\"Ashwick\"}]"}"#).unwrap();
        assert_eq!(in_text.read_list::<User>().unwrap().len(), 1);
        let many = reply(r#"{"Result":[null,{"id":1,"username":"Ashwick"},null]}"#).unwrap();
        assert_eq!(many.read_list::<User>().unwrap().len(), 1);
        assert!(
            reply("null")
                .unwrap()
                .read_list::<User>()
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn an_invalid_entry_is_skipped_and_listed() {
        let odd = r#"{"Result":[{"id":null,"username":"Ashwick"},{"id":2,"username":"Fox\ud83d"},"x",null]}"#;
        let odd = reply(odd).unwrap();
        let users = odd.read_list::<User>().unwrap();
        assert_eq!(
            (users.len(), users[0].username.as_str()),
            (1, "Fox\u{fffd}")
        );
        assert_eq!(users.skipped().to_string(), "[0], [2], [3]");
        let places = odd.read_places::<User>().unwrap();
        assert_eq!(
            (places.len(), places.skipped().to_string().as_str()),
            (4, "[0], [2]")
        );
        assert_eq!(odd.read_leniently::<User>(), users);
        for none in [
            r#"{"Result":[{"id":null}]}"#,
            r#"{"Result":[null,5]}"#,
            r#"{"Result":{"id":[]}}"#,
        ] {
            let error = reply(none).unwrap().read_list::<User>().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Decode { .. }), "{none}");
        }
        let nulls = reply(r#"{"Result":[null]}"#).unwrap();
        assert_eq!(nulls.read_list::<User>().unwrap().skipped().count(), 1);
    }

    #[test]
    fn a_lone_surrogate_hides_neither_a_result_nor_a_failure() {
        let name = reply(r#"{"Result":"Fox\ud83d"}"#).unwrap();
        assert_eq!(name.read::<String>().unwrap(), "Fox\u{fffd}");
        assert_eq!(name.result().unwrap(), "Fox\u{fffd}");
        let text = reply(r#"{"ResultString":"\ude00Fox"}"#).unwrap();
        assert_eq!(text.text(), Some("\u{fffd}Fox"));
        let failed = [
            r#"{"ResultString":"Fox\ud83d","Exception":{"ClassName":"System.Exception","Message":"no \ud83d"}}"#,
            r#"{"Result":"","ResultString":"System.Exception: no \ude00"}"#,
        ];
        for data in failed {
            assert!(
                matches!(reply(data), Err(ErrorKind::Server { message, .. }) if message == "no \u{fffd}"),
                "{data}"
            );
        }
    }

    #[test]
    fn errors_have_the_class_the_message_and_the_suggestions_of_the_server() {
        let not_found = r#"{"Exception":{"ClassName":"System.Exception","Message":"[CommandService.Handle] Command not found. Did you mean: \nplayer list\nplayer id\n"}}"#;
        assert_eq!(
            reply(not_found).unwrap_err(),
            ErrorKind::CommandNotFound {
                suggestions: vec!["player list".to_owned(), "player id".to_owned()]
            }
        );
        let server = |class: &str, message: &str| ErrorKind::Server {
            class: class.to_owned(),
            message: message.to_owned(),
        };
        assert_eq!(
            reply(r#"{"Result":null,"ResultString":"System.NullReferenceException: Object reference"}"#).unwrap_err(),
            server("System.NullReferenceException", "Object reference")
        );
        assert_eq!(
            reply(r#"{"Exception":"no such player"}"#).unwrap_err(),
            server("", "no such player")
        );
        assert!(
            matches!(reply(r#"{"Exception":[1,2]}"#), Err(ErrorKind::Server { message, .. }) if message.contains("[1,2]"))
        );
    }

    #[test]
    fn a_reply_with_an_error_field_is_a_failure() {
        let server = |message: &str| ErrorKind::Server {
            class: String::new(),
            message: message.to_owned(),
        };
        for (data, message) in [
            (r#"{"Error":"no"}"#, "no"),
            (r#"{"error":"no","ResultString":"Success"}"#, "no"),
            (r#"{"Result":null,"Error":{"Message":"no"}}"#, "no"),
            (r#"{"Result":7,"Error":"no"}"#, "no"),
            (r#"{"Error":{"code":7}}"#, r#"{"code":7}"#),
            (r#"{"Error":true}"#, "true"),
            (r#"{"Error":"no","Exception":"yes"}"#, "yes"),
        ] {
            assert_eq!(reply(data).unwrap_err(), server(message), "{data}");
        }
        for empty in ["null", "\"\"", "false", "0", "{}", "[]"] {
            let succeeded = reply(&format!(r#"{{"Result":7,"Error":{empty}}}"#)).unwrap();
            assert_eq!(succeeded.read::<i64>().unwrap(), 7, "{empty}");
        }
        // A result can have a field of this name.
        reply(r#"{"Result":{"Error":"no"}}"#).unwrap();
    }

    #[test]
    fn an_exception_beside_several_strings_is_a_failure() {
        let data = r#"{"ResultString":"","BufferResultString":"","StringResult":null,"Exception":{"ClassName":"X","Message":"no"}}"#;
        assert!(matches!(reply(data), Err(ErrorKind::Server { message, .. }) if message == "no"));
    }

    #[test]
    fn a_result_of_another_shape_is_an_error_with_the_result_in_it() {
        let error = reply(r#"{"Result":{"id":"x"}}"#)
            .unwrap()
            .read::<User>()
            .unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Decode { reason } if reason.contains(r#"{"id":"x"}"#)),
            "{error}"
        );
    }
}
