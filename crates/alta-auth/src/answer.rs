use std::time::{Duration, SystemTime};

use alta_http::HttpClient;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};

use crate::{Error, ErrorKind};

/// Sends a login and sorts what comes back: the fields of a success, or the error. Whatever the server says, these
/// secrets are cut out of it.
pub(crate) async fn exchange(
    http: &HttpClient,
    request: Request<Bytes>,
    doing: &'static str,
    secrets: &[&str],
) -> Result<Map<String, Value>, Error> {
    let response = http.send(request).await.map_err(|error| {
        let kind = match error.kind() {
            alta_http::ErrorKind::Timeout => ErrorKind::Timeout,
            alta_http::ErrorKind::TooLarge => ErrorKind::UnexpectedAnswer,
            _ => ErrorKind::Transport,
        };
        Error::new(kind, doing).with_source(error)
    })?;
    let fields = serde_json::from_slice::<Map<String, Value>>(response.body());
    match fields {
        Ok(fields) if response.status().is_success() => Ok(fields),
        Ok(fields) => Err(refusal(&response, &fields, doing, secrets)),
        Err(_) => Err(refusal(&response, &Map::new(), doing, secrets)),
    }
}

/// The error that stands in an answer: OAuth's fields or the REST API's.
fn refusal(
    response: &Response<Bytes>,
    fields: &Map<String, Value>,
    doing: &'static str,
    secrets: &[&str],
) -> Error {
    let text = |name: &str| match fields.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let code = text("error_code").or_else(|| text("error"));
    let message = text("error_description")
        .or_else(|| text("message"))
        .or_else(|| beginning(response.body()));
    let kind = kind(response.status(), code.as_deref());
    let retry_after = alta_http::retry_after(response.headers(), SystemTime::now());
    let clean = |text: String| redact(text, secrets);
    Error::new(kind, doing).with_answer(
        response.status().as_u16(),
        code.map(clean),
        message.map(clean),
        retry_after,
    )
}

/// What an answer means for another attempt: the code decides, then the status.
fn kind(status: StatusCode, code: Option<&str>) -> ErrorKind {
    match code {
        Some("temporarily_unavailable" | "server_error" | "BadGateway") => ErrorKind::Server,
        Some("slow_down" | "RetryActionLater" | "ActionPerformedRecently") => {
            ErrorKind::RateLimited
        }
        _ if status == StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
        _ if status == StatusCode::REQUEST_TIMEOUT => ErrorKind::Timeout,
        _ if status.is_server_error() => ErrorKind::Server,
        Some(_) if status.is_client_error() => ErrorKind::Refused,
        None if matches!(
            status,
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) =>
        {
            ErrorKind::Refused
        }
        _ => ErrorKind::UnexpectedAnswer,
    }
}

/// The first 200 characters of a body that is no JSON object.
fn beginning(body: &[u8]) -> Option<String> {
    if body
        .trim_ascii_start()
        .first()
        .is_none_or(|byte| *byte == b'{')
    {
        return None;
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(800)]);
    let text = text.trim();
    Some(text.chars().take(200).collect())
}

/// A server may repeat what it was sent.
fn redact(mut text: String, secrets: &[&str]) -> String {
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        if text.contains(secret) {
            text = text.replace(secret, "<redacted>");
        }
    }
    text
}

/// Seconds, as a number or as digits in a text.
pub(crate) fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// The text of a field that must be there for the answer to make sense.
pub(crate) fn required(
    fields: &Map<String, Value>,
    name: &'static str,
    doing: &'static str,
) -> Result<String, Error> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        _ => Err(Error::new(ErrorKind::UnexpectedAnswer, doing)
            .with_message(format!("the answer holds no {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_code_decides_and_then_the_status() {
        for (status, code, expected) in [
            (400, Some("invalid_client"), ErrorKind::Refused),
            (401, Some("invalid_scope"), ErrorKind::Refused),
            (404, Some("NoAccountFound"), ErrorKind::Refused),
            (400, Some("temporarily_unavailable"), ErrorKind::Server),
            (400, Some("RetryActionLater"), ErrorKind::RateLimited),
            (400, None, ErrorKind::Refused),
            (403, None, ErrorKind::Refused),
            (404, None, ErrorKind::UnexpectedAnswer),
            (405, None, ErrorKind::UnexpectedAnswer),
            (302, None, ErrorKind::UnexpectedAnswer),
            (200, None, ErrorKind::UnexpectedAnswer),
            (429, None, ErrorKind::RateLimited),
            (408, None, ErrorKind::Timeout),
            (500, Some("NoAccountFound"), ErrorKind::Server),
            (503, None, ErrorKind::Server),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(kind(status, code), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn seconds_may_be_text() {
        assert_eq!(seconds(&json!(3600)), Some(Duration::from_secs(3_600)));
        assert_eq!(seconds(&json!("3600")), Some(Duration::from_secs(3_600)));
        for odd in [json!(-1), json!("soon"), json!(null), json!(1e300)] {
            assert_eq!(seconds(&odd), None, "{odd}");
        }
    }

    #[test]
    fn what_a_server_repeats_of_a_secret_is_cut_out() {
        let response = Response::builder()
            .status(401)
            .body(Bytes::from_static(b"<html>no client for hunter2=="))
            .unwrap();
        let error = refusal(&response, &Map::new(), "logging in", &["hunter2==", ""]);
        assert_eq!(error.message(), Some("<html>no client for <redacted>"));
    }
}
