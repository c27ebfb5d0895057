use super::faults::faults;
use super::journal::journal;
use super::paths::canonical;
use super::router::router;
use crate::host::Host;
use crate::net::BoxIo;
use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::fmt;
use std::sync::Arc;
use tower_service::Service as _;

/// Serves HTTP/1.1 on one connection until the client closes it.
pub async fn serve<H: Host>(host: &Arc<H>, io: BoxIo) {
    let env = host.env();
    let connection = Connection {
        host: Arc::clone(host),
        id: env.connections.next_id(),
    };
    let router = env.router.get_or_init(layered::<H>);
    let service = service_fn(|request| respond(router.clone(), connection.clone(), request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    let serving = builder
        .half_close(true)
        .serve_connection(TokioIo::new(io), service);
    // A client may go away at any time.
    let _ = serving.await;
}

/// The routes within their layers. The journal is the outermost layer, so that it has every request in the client's form.
fn layered<H: Host>() -> Router {
    Router::new()
        .fallback_service(router::<H>())
        .layer(from_fn(canonical))
        .layer(from_fn(faults::<H>))
        .layer(from_fn(journal::<H>))
}

async fn respond<H: Host>(
    mut router: Router,
    connection: Connection<H>,
    request: http::Request<Incoming>,
) -> Result<Response, Gone> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(connection);
    // The error type has no values.
    let response = router.call(request).await.map_err(|_| Gone)?;
    if response.extensions().get::<Gone>().is_some() {
        return Err(Gone);
    }
    Ok(response)
}

/// A connection, as its requests know it.
pub(super) struct Connection<H> {
    pub(super) host: Arc<H>,
    pub(super) id: u64,
}

impl<H> Clone for Connection<H> {
    fn clone(&self) -> Self {
        Self {
            host: Arc::clone(&self.host),
            id: self.id,
        }
    }
}

/// The end of the connection without a response.
#[derive(Clone, Copy, Debug)]
struct Gone;

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
