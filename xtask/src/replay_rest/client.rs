//! The HTTP client of a replay.

use crate::Error;
use alta_http::{Config, HttpClient, Tls};

/// Each request is sent once: other tests check retries.
pub(super) fn http() -> Result<HttpClient, Error> {
    let tls = Tls::with_roots([[0; 0]; 0])?;
    Ok(HttpClient::over_tls(&tls, &Config::default().attempts(1)))
}
