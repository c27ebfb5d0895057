use super::connection::cut;
use super::reply::Reply;
use super::routes::Arrival;
use crate::host::Host;
use crate::net::{Action, Hook, Junk};
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_LENGTH;
use std::io;

/// Replaces or changes the response if a fault matches the request.
pub(super) async fn faults<H: Host>(
    Extension(arrival): Extension<Arrival<H>>,
    request: Request,
    next: Next,
) -> Response {
    let Arrival { host, http, .. } = arrival;
    let question = if http.query.is_empty() { "" } else { "?" };
    let text = format!("{} {}{question}{}", http.method, http.path, http.query);
    let fault = host.env().fault(Hook::Http, None, &text);
    match fault {
        Some(Action::Reply(reply)) => return reply.into_response(),
        Some(Action::Refuse(status)) => {
            return Reply::error(status, "Refused on demand", "UnspecifiedError").into_response();
        }
        _ => {}
    }
    let response = next.run(request).await;
    match fault {
        Some(Action::Drop | Action::Silence) => std::future::pending().await,
        Some(Action::Delay(delay)) => {
            host.env().clock.sleep(delay).await;
            response
        }
        Some(Action::Cut | Action::Close(..)) => cut(),
        Some(Action::Truncate) => truncated(response).await,
        Some(Action::Instead(junk)) => {
            let body = match junk {
                Junk::Text(text) => Bytes::from(text),
                Junk::Binary(bytes) => Bytes::from(bytes),
                Junk::Oversize(size) => Bytes::from(vec![b'x'; size]),
                Junk::InvalidUtf8 => Bytes::from_static(b"\"\xff\xfe\""),
            };
            response.map(|_| Body::from(body))
        }
        _ => response,
    }
}

/// The head of a response and half of its body, then the end of the connection.
async fn truncated(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return cut();
    };
    head.headers
        .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = body.slice(..body.len() / 2);
    let parts = [Ok(half), Err(io::Error::other("the connection is cut"))];
    Response::from_parts(head, Body::from_stream(stream::iter(parts)))
}
