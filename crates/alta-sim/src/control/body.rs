//! The JSON of a request.

use super::reply::Failure;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// The largest body of a request.
pub(super) const LIMIT: usize = 4 << 20;

/// The longest time for the body of a request.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The body of a request, which is JSON of any content type: `curl --data` sends that of a form.
pub(super) struct Body(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned());
        let Ok(read) = timeout(TIMEOUT, Bytes::from_request(request, state)).await else {
            let reason = format!("the body did not arrive within {} s", TIMEOUT.as_secs());
            return Err(Failure::new(408, reason));
        };
        let bytes = read.map_err(|rejection| match rejection.status().as_u16() {
            413 => Failure::new(413, format!("the body: at most {LIMIT} bytes")),
            status => Failure::new(status, format!("the body: {}", rejection.body_text())),
        })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let reason = format!("the body is no JSON: {error}");
            match kind {
                Some(kind) if !kind.contains("json") => Failure::new(
                    415,
                    format!("{reason}; its content type is {kind}, not application/json"),
                ),
                _ => Failure::new(400, reason),
            }
        })
    }
}
