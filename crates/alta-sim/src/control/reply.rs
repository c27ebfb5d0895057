//! Bodies of requests and replies.

use crate::advice;
use crate::error::{Error, ErrorKind};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A JSON reply.
pub(super) struct Json(pub(super) Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (kind, self.0.to_string()).into_response()
    }
}

/// The reply to a request that failed: `{"error": "…"}`, with further members.
pub(super) struct Failure {
    status: u16,
    body: Map<String, Value>,
}

impl Failure {
    pub(super) fn new(status: u16, error: impl Into<String>) -> Self {
        let body = [("error".to_owned(), Value::String(error.into()))];
        Self {
            status,
            body: body.into_iter().collect(),
        }
    }

    /// Adds a member to the body.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.body.insert(name.to_owned(), value);
        self
    }

    /// Puts text before the error.
    pub(super) fn within(self, place: &str) -> Self {
        let error = self.body.get("error").and_then(Value::as_str);
        let error = format!("{place}: {}", error.unwrap_or_default());
        self.with("error", error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::Invalid => 400,
            ErrorKind::NotFound => 404,
            ErrorKind::NotPossible => 409,
            ErrorKind::TimedOut => 504,
            _ => 500,
        };
        // With its causes.
        Self::new(status, format!("{error:?}"))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(Value::Object(self.body))).into_response()
    }
}

/// The reply to a request after the end of the simulator.
pub(super) fn ended() -> Failure {
    Failure::new(503, "the simulator ends")
}

/// Reads a value; the error names the field, and the nearest name for a misspelled one.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let reason = advice::explain(&error.into_inner().to_string(), "field");
        let error = if path == "." {
            reason
        } else {
            format!("`{path}`: {reason}")
        };
        Failure::new(400, error)
    })
}

/// An empty object.
pub(super) fn done() -> Json {
    Json(json!({}))
}
