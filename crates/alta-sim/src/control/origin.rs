//! Requests of web pages: a page of any site can let its browser send requests to a port of this machine.

use super::Control;
use super::reply::Failure;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::IpAddr;

/// Refuses a request of a page of another site, and a request to a name that is not the simulator's: a site can let its own name
/// lead to this machine.
pub(super) async fn check(
    State(control): State<Control>,
    request: Request,
    next: Next,
) -> Response {
    match refusal(request.headers(), &control.host) {
        Some(reason) => Failure::new(403, reason).into_response(),
        None => next.run(request).await,
    }
}

pub(super) fn refusal(headers: &HeaderMap, advertised: &str) -> Option<String> {
    let value = |name: HeaderName| {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    if let Some(host) = value(header::HOST) {
        let name = name_of(&format!("http://{host}"));
        // A site has no power over an address.
        let is_own = |name: &str| is_named(name, advertised) || name.parse::<IpAddr>().is_ok();
        if !name.as_deref().is_some_and(is_own) {
            return Some(format!(
                "the host {host:?} is not the simulator's: use localhost, its IP address, or --advertise with this name"
            ));
        }
    }
    if let Some(origin) = value(header::ORIGIN) {
        let name = name_of(&origin);
        let is_loopback = |name: &str| {
            let address: Option<IpAddr> = name.parse().ok();
            address.is_some_and(|address| address.is_loopback())
        };
        let is_own = |name: &str| is_named(name, advertised) || is_loopback(name);
        if !name.as_deref().is_some_and(is_own) {
            return Some(format!("a page of {origin:?} may not drive the simulator"));
        }
    }
    None
}

fn is_named(name: &str, advertised: &str) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    is("localhost") || name.to_ascii_lowercase().ends_with(".localhost") || is(advertised)
}

/// The name or the address in an address, without the brackets of IPv6.
fn name_of(address: &str) -> Option<String> {
    let address: Uri = address.parse().ok()?;
    let host = address.host()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some(host.trim_end_matches('.').to_owned())
}
