use super::connection::{Connection, cut};
use super::reply::Reply;
use super::routes::Arrival;
use crate::host::Host;
use crate::net::{ClientAction, HttpRequest, Service, headers};
use axum::Extension;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::CONNECTION;
use http_body::Body as _;
use http_body_util::LengthLimitError;
use std::sync::Arc;

/// Reads the body and records the whole request.
pub(super) async fn journal<H: Host>(
    Extension(connection): Extension<Connection<H>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut head, body) = request.into_parts();
    let Connection {
        host,
        id,
        admission,
    } = connection;
    let limit = host.env().limits.body;
    let size = body.size_hint().lower();
    if usize::try_from(size).map_or(true, |size| size > limit) {
        return too_large();
    }
    let body = match to_bytes(body, limit).await {
        Ok(body) => body,
        Err(error) if is_too_large(&error) => return too_large(),
        Err(_) => return cut(),
    };
    let http = HttpRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers(&head.headers),
        body,
    };
    let client = host.env().client(&admission, &http.headers);
    if host.env().records() {
        let action = ClientAction::Request(http.clone());
        host.env().record(Service::Http, id, action);
    }
    let http = Arc::new(http);
    head.extensions.insert(Arrival { host, http, client });
    next.run(Request::from_parts(head, axum::body::Body::empty()))
        .await
}

fn is_too_large(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

/// The response to a body above the limit. The connection ends with it, since the rest of the body is not read.
fn too_large() -> Response {
    let reply = Reply::error(413, "The body is too large", "InvalidRequestModel");
    ([(CONNECTION, "close")], reply).into_response()
}
