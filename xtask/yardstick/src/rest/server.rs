//! The service: it replies to every request with the same server.

use crate::args::Runtime;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::net::{TcpListener, TcpStream};

const BODY: &str = include_str!("server.json");

/// Prints the address, and serves until the process is killed.
pub(crate) fn run() {
    Runtime::Current.build().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tcp.set_nodelay(true).unwrap();
            tokio::spawn(serve(tcp));
        }
    });
}

async fn serve(tcp: TcpStream) {
    let reply = service_fn(|_: Request<Incoming>| async { Ok::<_, Infallible>(reply()) });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(tcp), reply);
    // A client that disconnects is no error.
    let _ = connection.await;
}

pub(super) fn reply() -> Response<Full<Bytes>> {
    let body = Full::new(Bytes::from_static(BODY.as_bytes()));
    let json = "application/json; charset=utf-8";
    Response::builder()
        .header(CONTENT_TYPE, json)
        .body(body)
        .unwrap()
}
