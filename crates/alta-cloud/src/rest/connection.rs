use crate::net::Admission;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use std::fmt;
use std::sync::Arc;

/// A connection, as its requests know it.
pub(super) struct Connection<H> {
    pub(super) host: Arc<H>,
    pub(super) id: u64,
    pub(super) admission: Arc<Admission>,
}

impl<H> Clone for Connection<H> {
    fn clone(&self) -> Self {
        Self {
            host: Arc::clone(&self.host),
            id: self.id,
            admission: Arc::clone(&self.admission),
        }
    }
}

/// The end of the connection without a response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut")
    }
}

impl std::error::Error for Gone {}

/// In place of a response, the end of the connection.
pub(super) fn cut() -> Response {
    let mut response = StatusCode::BAD_REQUEST.into_response();
    response.extensions_mut().insert(Gone);
    response
}
