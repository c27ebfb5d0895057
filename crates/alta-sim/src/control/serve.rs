//! The connections and the routes of the control port.

use super::Control;
use super::handlers::{actions, openapi, reset, seen, state, wait};
use super::reply::Failure;
use super::{body, origin};
use alta_cloud::net::Tasks;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::time::Duration;
use tokio::net::TcpListener;

/// The longest time for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The paths and their methods.
pub(super) fn routes() -> [(&'static str, MethodRouter<Control>); 6] {
    [
        ("/actions", post(actions)),
        ("/openapi.json", get(openapi)),
        ("/reset", post(reset)),
        ("/seen/{what}", get(seen)),
        ("/state", get(state)),
        ("/wait", post(wait)),
    ]
}

fn router(control: Control) -> Router {
    let router = routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        });
    router
        .fallback(no_path)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(body::LIMIT))
        .layer(from_fn_with_state(control.clone(), origin::check))
        .with_state(control)
}

async fn no_path(uri: Uri) -> Failure {
    let paths: Vec<&str> = routes().iter().map(|(path, _)| *path).collect();
    let reason = format!(
        "there is no path {}; there is {}",
        uri.path(),
        paths.join(", ")
    );
    Failure::new(404, reason)
}

async fn no_method(method: Method, uri: Uri) -> Failure {
    let reason = format!(
        "{} does not allow {method}; the header Allow says which methods it does",
        uri.path()
    );
    Failure::new(405, reason)
}

/// Accepts connections, for ever.
pub(super) async fn accept(listener: TcpListener, control: Control, tasks: Tasks) {
    let service = TowerToHyperService::new(router(control));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Most likely the process has no free descriptors; other connections must end first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service.clone());
        tasks.spawn(async move {
            // A client that sends garbage or goes away ends only its own connection.
            let _ = serving.await;
        });
    }
}
