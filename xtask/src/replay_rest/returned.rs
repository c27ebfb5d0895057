//! Compares the result of a call with the fixture.

use super::recorded::{Recorded, Transfer};
use crate::round_trip;
use alta_model::ApiError;
use alta_rest::ErrorKind;
use serde_json::Value;

/// The result of a call.
pub(super) enum Returned {
    /// A typed result, serialized again; null if the call has none.
    Typed(Result<Value, alta_rest::Error>),
    /// The bytes of a call that has no method.
    Raw(Result<Vec<u8>, alta_rest::Error>),
    /// A login.
    Login(Result<alta_auth::Grant, alta_auth::Error>),
}

/// The differences between the result and the fixture's reply.
pub(super) fn problems(recorded: &Recorded, result: &Returned) -> Vec<String> {
    match result {
        Returned::Typed(Ok(read)) => match fault(recorded) {
            Some(kind) => vec![format!("expected the error {kind:?}, got {read}")],
            None => differences(&recorded.response.body, read),
        },
        Returned::Raw(Ok(bytes)) => {
            let same = *bytes == recorded.reply();
            (!same)
                .then(|| "the bytes differ from the fixture's".to_owned())
                .into_iter()
                .collect()
        }
        Returned::Typed(Err(error)) | Returned::Raw(Err(error)) => refusal(recorded, error),
        Returned::Login(result) => login(recorded, result),
    }
}

/// The error that a fixture's reply must cause, if any.
fn fault(recorded: &Recorded) -> Option<ErrorKind> {
    let response = &recorded.response;
    Some(match response.status {
        _ if response.transfer == Some(Transfer::Cut) => ErrorKind::Transport,
        400 | 422 => ErrorKind::Rejected,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        405 => ErrorKind::MethodNotAllowed,
        408 => ErrorKind::TimedOut,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        500.. => ErrorKind::Server,
        300.. => ErrorKind::UnexpectedStatus,
        _ => return unreadable(recorded).then_some(ErrorKind::Decode),
    })
}

/// Returns whether the call decodes its reply as a type, and the reply is not JSON of that type.
fn unreadable(recorded: &Recorded) -> bool {
    let reply = recorded.call.map_or("", |call| call.response);
    match (&recorded.response.body, reply) {
        (_, "" | "String") => false,
        (Value::String(text), _) => serde_json::from_str::<Value>(text).is_err(),
        // An empty body is an empty page, and a valid raw value.
        (Value::Null, reply) => reply != "Value" && !reply.starts_with('['),
        _ => false,
    }
}

fn differences(recorded: &Value, read: &Value) -> Vec<String> {
    let mut found = Vec::new();
    // A call that ignores its reply cannot differ.
    if !(read.is_null() && recorded.is_null()) {
        round_trip::compare("", recorded, read, &mut found);
    }
    if found.is_empty() {
        return Vec::new();
    }
    let lines: Vec<String> = found.iter().flat_map(lines).collect();
    vec![format!(
        "the reply, expected and read:\n{}",
        lines.join("\n")
    )]
}

fn lines(difference: &round_trip::Difference) -> Vec<String> {
    let at = &difference.at;
    let line = |sign, value: &Option<Value>| Some(format!("{sign} {at}: {}", value.as_ref()?));
    [
        line('-', &difference.original),
        line('+', &difference.written),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The differences between an error and the fixture's reply, in its kind or in its content.
fn refusal(recorded: &Recorded, error: &alta_rest::Error) -> Vec<String> {
    let mut problems = Vec::new();
    let wanted = fault(recorded);
    if wanted != Some(*error.kind()) {
        return vec![format!("{error}; expected {wanted:?}")];
    }
    if recorded.response.transfer != Some(Transfer::Cut)
        && error.status().map(|status| status.as_u16()) != Some(recorded.response.status)
    {
        problems.push(format!("the status is {:?}", error.status()));
    }
    let body = &recorded.response.body;
    if recorded.response.status < 400 {
        return problems;
    }
    match (body, error.api_error()) {
        (Value::Object(_), Some(api)) => {
            problems.extend(differences(body, &written(api)));
            if error.message() != body["message"].as_str()
                || error.error_code().map(alta_model::ErrorCode::as_str)
                    != body["error_code"].as_str()
            {
                problems.push(format!("the message or the code is lost: {error}"));
            }
        }
        (Value::Object(_), None) => problems.push(format!("not read as an error: {body}")),
        (_, Some(api)) => problems.push(format!("{body} was decoded as {api:?}")),
        (Value::String(text), None) => {
            if !text.as_bytes().starts_with(error.body()) || error.body().is_empty() {
                problems.push("the beginning of the body is not kept".to_owned());
            }
        }
        (_, None) => {}
    }
    if let Some(pause) = recorded.response.headers.get("retry-after") {
        let kept = error.retry_after().map(|pause| pause.as_secs().to_string());
        if kept.as_ref() != Some(pause) {
            problems.push(format!("the requested pause is {pause} s, not {kept:?}"));
        }
    }
    problems
}

fn written(api: &ApiError) -> Value {
    serde_json::to_value(api).unwrap_or_default()
}

fn login(recorded: &Recorded, result: &Result<alta_auth::Grant, alta_auth::Error>) -> Vec<String> {
    let body = &recorded.response.body;
    let mut problems = Vec::new();
    match result {
        // A session that cannot be renewed is replaced by a new login.
        Ok(grant) if recorded.response.status >= 400 && recorded.request.method == "PUT" => {
            if grant.token.expose() != "<user access token>" {
                problems.push("expected the token of the new login".to_owned());
            }
        }
        Ok(grant) => {
            if Some(grant.token.expose()) != body["access_token"].as_str() {
                problems.push("the token differs from the fixture's".to_owned());
            }
            let life = grant.expires_in.map(|life| life.as_secs());
            if life != body["expires_in"].as_u64() {
                problems.push(format!("the token's life is {life:?} s"));
            }
        }
        Err(error) => {
            let code = body["error"].as_str().or(body["error_code"].as_str());
            let status = recorded.response.status;
            if error.code() != code || error.status() != Some(status) || error.is_transient() {
                problems.push(format!(
                    "{error}; expected {status} {code:?}, not transient"
                ));
            }
        }
    }
    problems
}
