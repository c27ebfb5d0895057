use super::connection::{Connection, Gone};
use super::faults::faults;
use super::journal::journal;
use super::paths::canonical;
use super::reply::Reply;
use super::router::router;
use crate::host::Host;
use crate::net::{Admission, BoxIo};
use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::sync::Arc;
use tokio::time::timeout;
use tower_service::Service as _;

/// The least size of a buffer that hyper accepts.
const SMALLEST_HEAD: usize = 8 * 1024;

/// Serves HTTP/1.1 on one connection until the client closes it or exceeds a limit.
///
/// hyper refuses requests that two readers could divide in different ways: two lengths, a length that is no plain number, folded
/// header lines, codings that do not end with `chunked`, and chunks in HTTP/1.0. With a length beside chunks it reads the chunks and then
/// ends the connection, as RFC 9112 (6.1) requires. A head above the limit gets the status 414 or 431.
pub async fn serve<H: Host>(host: &Arc<H>, io: BoxIo, admission: Admission) {
    let env = host.env();
    let connection = Connection {
        host: Arc::clone(host),
        id: env.connections.next_id(),
        admission: Arc::new(admission),
    };
    let router = env.router.get_or_init(layered::<H>);
    let service = service_fn(|request| respond(router.clone(), connection.clone(), request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    let serving = builder
        .half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(env.limits.head_timeout)
        .max_buf_size(env.limits.head.max(SMALLEST_HEAD))
        .serve_connection(TokioIo::new(env.guarded(io)), service);
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
    let host = Arc::clone(&connection.host);
    let env = host.env();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(connection);
    let replying = router.call(request);
    let result = match env.limits.request_timeout {
        Some(limit) => timeout(limit, replying).await,
        None => Ok(replying.await),
    };
    let mut response = match result {
        // This error has no values.
        Ok(result) => result.map_err(|_| Gone)?,
        Err(_) => too_late(),
    };
    if response.extensions().get::<Gone>().is_some() {
        return Err(Gone);
    }
    env.sign(response.headers_mut());
    Ok(response)
}

/// The response to a request whose body does not arrive. The connection ends with it.
fn too_late() -> Response {
    let reply = Reply::error(408, "The request took too long", "RetryActionLater");
    ([(CONNECTION, "close")], reply).into_response()
}
