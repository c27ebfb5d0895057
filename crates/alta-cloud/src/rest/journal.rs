use super::routes::Arrival;
use super::serve::{Connection, cut};
use crate::host::Host;
use crate::net::{ClientAction, HttpRequest, Service, headers};
use axum::Extension;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// The longest request body, above that of any client.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Reads the body and records the whole request.
pub(super) async fn journal<H: Host>(
    Extension(connection): Extension<Connection<H>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return cut();
    };
    let http = HttpRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers(&head.headers),
        body,
    };
    let Connection { host, id } = connection;
    let action = ClientAction::Request(http.clone());
    host.env().record(Service::Http, id, action);
    let http = Arc::new(http);
    head.extensions.insert(Arrival { host, http });
    next.run(Request::from_parts(head, axum::body::Body::empty()))
        .await
}
