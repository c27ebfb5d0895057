//! The service, in a process of its own: it answers every request with the same server.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

const ANSWER: &str = include_str!("server.json");

/// Serves until killed.
pub(crate) fn run() {
    yardstick::listen(serve);
}

async fn serve(stream: TcpStream) {
    let answers = service_fn(|_: Request<Incoming>| async {
        let answer = Response::builder()
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Full::new(Bytes::from_static(ANSWER.as_bytes())));
        Ok::<_, Infallible>(answer.unwrap())
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answers);
    // A client that goes away is no surprise.
    let _ = connection.await;
}
