use crate::{Error, ErrorKind, Request};
use alta_model::{ApiError, Listing, Redactor, json};
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::time::SystemTime;

/// The maximum number of bytes of a body that an error keeps.
const KEPT: usize = 1024;

/// The characters that an error shows on either side of an invalid value.
const AROUND: usize = 40;

/// Decodes a body as JSON; an empty one counts as null.
pub(crate) fn read<T: DeserializeOwned>(
    request: &Request,
    response: &Response<Bytes>,
    redactor: &Redactor,
) -> Result<T, Error> {
    let text = text(response);
    // The path of every part costs an allocation, so it is tracked only for an error.
    if let Ok(value) = json::from_str(&text) {
        return Ok(value);
    }
    let read = parse(&text).or_else(|failure| match json::repair(&text) {
        Cow::Owned(repaired) => parse(&repaired),
        Cow::Borrowed(_) => Err(failure),
    });
    read.map_err(|(path, error)| {
        let place = offset(text.as_bytes(), error.line(), error.column());
        let (shown, place) = redactor.redact_at(&text, place);
        let around = around(&shown, place);
        let detail = if response.body().is_empty() {
            "the body is empty".to_owned()
        } else {
            // serde's message may quote the value, which is secret if the path says so.
            format!(
                "at {}: {}: {around}",
                redactor.redact(&path),
                reason(&error, shown == text, redactor)
            )
        };
        Error::of(ErrorKind::Decode, request)
            .with_status(response.status())
            .with_explanation(detail)
            .with_body(kept(&shown))
    })
}

/// Decodes a page of a list without its invalid entries. If all are invalid, the error of the first one is returned with the
/// empty page.
pub(crate) fn read_page<T: DeserializeOwned>(
    request: &Request,
    response: &Response<Bytes>,
    redactor: &Redactor,
) -> Result<(Listing<T>, Option<Error>), Error> {
    // Decoding as a plain list fails at the first invalid entry.
    let failure = || read::<Vec<T>>(request, response, redactor).err();
    match json::part_of_list(&text(response)) {
        Ok((page, undecodable)) => Ok((page, undecodable.and_then(|_| failure()))),
        Err(error) => Err(failure().unwrap_or_else(|| {
            Error::of(ErrorKind::Decode, request).with_explanation(error.to_string())
        })),
    }
}

/// The body as a string; an empty one is null.
fn text(response: &Response<Bytes>) -> Cow<'_, str> {
    match response.body().trim_ascii() {
        b"" => "null".into(),
        // The check of valid UTF-8 is much faster than a search for invalid bytes.
        body => match std::str::from_utf8(body) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(body),
        },
    }
}

/// Decodes a value. The error contains the path of the invalid part.
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (String, serde_json::Error)> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| (error.path().to_string(), error.into_inner()))?;
    match reader.end() {
        Ok(()) => Ok(value),
        Err(error) => Err((".".to_owned(), error)),
    }
}

/// Quotes a body that is a plain string, so that it becomes a JSON string.
pub(crate) fn quote(body: &mut Bytes) {
    let text = String::from_utf8_lossy(body);
    if json::from_str::<String>(&text).is_err() {
        *body = serde_json::Value::from(text).to_string().into();
    }
}

/// The error of a response without a success status.
pub(crate) fn refusal(request: &Request, response: &Response<Bytes>, redactor: &Redactor) -> Error {
    let status = response.status();
    let kind = match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => ErrorKind::Rejected,
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
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
    // Decoded from the redacted body: the name of a secret field may be only there.
    let api = json::from_str::<ApiError>(&shown).ok();
    // A body without a readable error is shown as it is.
    let is_readable = api.as_ref().is_some_and(|api| {
        let has_more = api.error_code.is_some() || api.request_model_errors.is_some();
        !api.message.is_empty() || has_more && api.skipped().is_empty()
    });
    let mut error = Error::of(kind, request).with_status(status);
    if !is_readable && !shown.trim().is_empty() {
        error = error.with_explanation(around(shown.trim(), 0));
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

/// serde's message without the position, and without the value if the body contains a secret.
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

/// The part of the string around a position, in one line.
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
