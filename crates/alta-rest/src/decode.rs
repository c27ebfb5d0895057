use std::time::SystemTime;

use alta_model::{ApiError, Redactor};
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind, Request};

/// How much of a body that was not understood is kept.
const KEPT: usize = 1024;

/// How many characters of it are shown on either side of the place that was not.
const AROUND: usize = 40;

/// Reads a body as JSON; an empty one counts as null.
pub(crate) fn read<T: DeserializeOwned>(
    request: &Request,
    response: &Response<Bytes>,
    redactor: &Redactor,
) -> Result<T, Error> {
    let body = match response.body().trim_ascii() {
        b"" => b"null",
        body => body,
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let result = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| (error.path().to_string(), error.into_inner()))
        .and_then(|value| match reader.end() {
            Ok(()) => Ok(value),
            Err(error) => Err((".".to_owned(), error)),
        });
    result.map_err(|(path, error)| {
        let text = String::from_utf8_lossy(body);
        let place = offset(body, error.line(), error.column());
        let (shown, place) = redactor.redact_at(&text, place);
        let around = around(&shown, place);
        let detail = if response.body().is_empty() {
            "the body is empty".to_owned()
        } else {
            // serde's own text may quote a value: a masked one only if the path says so.
            format!(
                "at {path}: {}: {around}",
                reason(&error, shown == text, redactor)
            )
        };
        Error::new(ErrorKind::Decode, request)
            .with_status(response.status())
            .with_detail(detail)
            .with_body(kept(&shown))
    })
}

/// Makes JSON of a body that is a text, if it is not JSON's text already.
pub(crate) fn quote(body: &mut Bytes) {
    if serde_json::from_slice::<String>(body).is_err() {
        let text = String::from_utf8_lossy(body).into_owned();
        *body = serde_json::Value::String(text).to_string().into();
    }
}

/// The error in an answer whose status is no success.
pub(crate) fn refusal(request: &Request, response: &Response<Bytes>, redactor: &Redactor) -> Error {
    let status = response.status();
    let kind = match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => ErrorKind::Rejected,
        StatusCode::UNAUTHORIZED => ErrorKind::NotAuthorised,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorKind::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => ErrorKind::TimedOut,
        StatusCode::CONFLICT => ErrorKind::Conflict,
        StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
        status if status.is_server_error() => ErrorKind::Server,
        _ => ErrorKind::UnexpectedStatus,
    };
    let shown = redactor.redact_bytes(response.body());
    // Of a secret in a text in it, the field may be named only there.
    let api = serde_json::from_str::<ApiError>(&shown).ok();
    let mut error = Error::new(kind, request).with_status(status);
    if api.is_none() && !shown.trim().is_empty() {
        error = error.with_detail(around(shown.trim(), 0));
    }
    error
        .with_api(api)
        .with_body(kept(&shown))
        .with_retry_after(alta_http::retry_after(
            response.headers(),
            SystemTime::now(),
        ))
}

fn kept(shown: &str) -> Bytes {
    Bytes::copy_from_slice(&shown.as_bytes()[..shown.len().min(KEPT)])
}

/// What serde says, without the place, and without the value if something is hidden in the answer.
fn reason(error: &serde_json::Error, is_whole: bool, redactor: &Redactor) -> String {
    let text = error.to_string();
    let text = redactor.redact(&text);
    let text = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(reason, _)| reason);
    match text.split_once('"') {
        Some((before, _)) if !is_whole => format!("{before}\u{2026}"),
        _ => text.to_owned(),
    }
}

/// The position in the body that serde_json gives as a line and a column, both from 1.
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let line_start: usize = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    (line_start + column).min(body.len())
}

/// The text around a position, in one line.
fn around(text: &str, at: usize) -> String {
    let at = (0..=at.min(text.len()))
        .rfind(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    let before = text[..at].char_indices().rev().nth(AROUND - 1);
    let start = before.map_or(0, |(start, _)| start);
    let after = text[at..].char_indices().nth(AROUND);
    let end = after.map_or(text.len(), |(length, _)| at + length);
    let mut shown: String = text[start..end]
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    if start > 0 {
        shown.insert(0, '\u{2026}');
    }
    if end < text.len() {
        shown.push('\u{2026}');
    }
    shown
}
