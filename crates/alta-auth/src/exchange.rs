use crate::error::Details;
use crate::{Error, ErrorKind};
use alta_http::HttpClient;
use alta_model::{Redactor, json};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// Sends a login request and returns the fields of a successful response, or the error. These secrets are removed from all
/// strings of the server.
pub(crate) async fn exchange(
    http: &HttpClient,
    request: Request<Bytes>,
    doing: &'static str,
    secrets: &[&str],
) -> Result<Map<String, Value>, Error> {
    // A server may repeat secrets from the request, and may put a token into any field.
    let redactor = Redactor::knowing(secrets.iter().copied());
    redactor.learn_address(&request.uri().to_string());
    let response = http.send(request).await.map_err(|error| {
        let kind = match error.kind() {
            alta_http::ErrorKind::TimedOut => ErrorKind::TimedOut,
            alta_http::ErrorKind::TooLarge => ErrorKind::UnexpectedResponse,
            alta_http::ErrorKind::InvalidInput => ErrorKind::InvalidInput,
            _ => ErrorKind::Transport,
        };
        Error::new(kind, doing).caused_by(error)
    })?;
    let body = String::from_utf8_lossy(response.body());
    let fields = json::from_str::<Map<String, Value>>(&body);
    match fields {
        Ok(fields) if response.status().is_success() => Ok(fields),
        Ok(fields) => Err(refusal(&response, &fields, doing, &redactor)),
        Err(_) => Err(refusal(&response, &Map::new(), doing, &redactor)),
    }
}

/// The error of a response, from OAuth's fields or the REST API's.
fn refusal(
    response: &Response<Bytes>,
    fields: &Map<String, Value>,
    doing: &'static str,
    redactor: &Redactor,
) -> Error {
    let text = |name: &str| match fields.get(name)? {
        Value::String(text) if !text.is_empty() => Some(redactor.redact(text).into_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let code = text("error_code").or_else(|| text("error"));
    let message = text("error_description")
        .or_else(|| text("message"))
        .or_else(|| beginning(response, redactor));
    let kind = kind(response.status(), code.as_deref());
    Error::new(kind, doing).with_response(Details {
        status: Some(response.status().as_u16()),
        code,
        message,
        retry_after: alta_http::retry_after(response.headers(), SystemTime::now()),
    })
}

/// The kind of a response's error: the code decides, then the status.
fn kind(status: StatusCode, code: Option<&str>) -> ErrorKind {
    match code {
        Some("temporarily_unavailable" | "server_error" | "BadGateway") => ErrorKind::Server,
        Some("slow_down" | "RetryActionLater" | "ActionPerformedRecently") => {
            ErrorKind::RateLimited
        }
        _ if status == StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
        _ if status == StatusCode::REQUEST_TIMEOUT => ErrorKind::TimedOut,
        _ if status.is_server_error() => ErrorKind::Server,
        Some(_) if status.is_client_error() => ErrorKind::Refused,
        None if matches!(
            status,
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) =>
        {
            ErrorKind::Refused
        }
        _ => ErrorKind::UnexpectedResponse,
    }
}

/// The first 200 characters of a body that is not a JSON object. Nothing of another JSON value with a success status, because
/// it may contain a token.
fn beginning(response: &Response<Bytes>, redactor: &Redactor) -> Option<String> {
    let body = response.body().trim_ascii_start();
    match body.first()? {
        b'{' => return None,
        b'[' | b'"' if response.status().is_success() => return None,
        _ => {}
    }
    // Redacted before it is cut: a part of a secret could stay otherwise.
    let text = redactor.redact_bytes(body);
    Some(text.trim().chars().take(200).collect())
}

/// Seconds, as a number or as a string of digits.
pub(crate) fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// The string of a required field.
pub(crate) fn required(
    fields: &Map<String, Value>,
    name: &'static str,
    doing: &'static str,
) -> Result<String, Error> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        _ => Err(Error::new(ErrorKind::UnexpectedResponse, doing)
            .with_message(format!("the response has no {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
            (404, None, ErrorKind::UnexpectedResponse),
            (405, None, ErrorKind::UnexpectedResponse),
            (302, None, ErrorKind::UnexpectedResponse),
            (200, None, ErrorKind::UnexpectedResponse),
            (429, None, ErrorKind::RateLimited),
            (408, None, ErrorKind::TimedOut),
            (500, Some("NoAccountFound"), ErrorKind::Server),
            (503, None, ErrorKind::Server),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(kind(status, code), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn seconds_may_be_a_string() {
        assert_eq!(seconds(&json!(3600)), Some(Duration::from_secs(3_600)));
        assert_eq!(seconds(&json!("3600")), Some(Duration::from_secs(3_600)));
        for odd in [json!(-1), json!("soon"), json!(null), json!(1e300)] {
            assert_eq!(seconds(&odd), None, "{odd}");
        }
    }

    fn message(status: u16, body: String, secrets: &[&str]) -> Option<String> {
        let response = Response::builder()
            .status(status)
            .body(Bytes::from(body))
            .unwrap();
        let fields = serde_json::from_slice(response.body()).unwrap_or_default();
        let redactor = Redactor::knowing(secrets.iter().copied());
        let error = refusal(&response, &fields, "logging in", &redactor);
        error.message().map(str::to_owned)
    }

    #[test]
    fn a_secret_that_the_server_repeats_is_removed() {
        let of = |body: &str| message(401, body.to_owned(), &["hunter2==", ""]).unwrap();
        assert_eq!(
            of("<html>no client for hunter2=="),
            "<html>no client for <redacted>"
        );
        assert_eq!(
            of(r#"{"message": "not eyJhbGci.eyJz.c2ln, hunter2=="}"#),
            "not <redacted>, <redacted>"
        );
    }

    #[test]
    fn a_secret_with_escapes_is_removed_and_control_characters_are_escaped() {
        let body =
            "{\"message\": \"hunter\\/2 \\u001b[2J\\u202e\", \"error\": \"h%75nter%2F2\\n\"}";
        let response = Response::builder()
            .status(401)
            .body(Bytes::from(body))
            .unwrap();
        let fields = serde_json::from_slice(response.body()).unwrap();
        let error = refusal(
            &response,
            &fields,
            "logging in",
            &Redactor::knowing(["hunter/2"]),
        );
        assert_eq!(
            error.to_string(),
            r"logging in: refused with status 401: <redacted> \u{1b}[2J\u{202e} (<redacted>\n)"
        );
        let shown = format!("{error:?} {}", format!("{error:#?}").replace('\n', " "));
        assert!(
            !shown.contains(char::is_control) && !shown.contains("nter"),
            "{shown:?}"
        );
    }

    #[test]
    fn a_secret_at_the_end_of_a_cut_text_is_removed_as_a_whole() {
        for before in 180..200 {
            let body = "x".repeat(before) + "hunter2==";
            let shown = message(401, body, &["hunter2=="]).unwrap();
            assert!(!shown.contains("hunt"), "{shown}");
        }
    }

    #[test]
    fn of_a_success_without_an_object_only_html_and_plain_text_are_shown() {
        let of = |body: &str| message(200, body.to_owned(), &[]);
        assert_eq!(of("<html>hello").as_deref(), Some("<html>hello"));
        assert_eq!(of(r#"[{"access_token": "c2VjcmV0"}]"#), None);
        assert_eq!(of(r#""c2VjcmV0""#), None);
    }
}
