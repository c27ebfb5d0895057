//! The yardstick: hyper's connections, kept by hand. It sends the same headers, collects the body and reads nothing of it. The
//! path and the headers are built once.

use super::{Call, SERVER};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;

type Connection = SendRequest<Full<Bytes>>;

#[derive(Clone)]
pub(super) struct Plain {
    address: String,
    /// The open connections without a call.
    idle: Arc<Mutex<Vec<Connection>>>,
    uri: Uri,
    headers: HeaderMap,
}

impl Plain {
    pub(super) fn new(address: &str, base: &str) -> Self {
        let headers = [
            (header::HOST, address),
            (header::ACCEPT, "application/json"),
            (header::ACCEPT_ENCODING, "gzip"),
            (header::CONTENT_TYPE, "application/json"),
            (header::USER_AGENT, alta_auth::USER_AGENT),
            (
                header::HeaderName::from_static("x-api-key"),
                alta_auth::API_KEY,
            ),
            (header::AUTHORIZATION, "Bearer token"),
        ];
        Self {
            address: address.to_owned(),
            idle: Arc::default(),
            uri: format!("{base}/servers/{SERVER}").parse().unwrap(),
            headers: headers
                .map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()))
                .into_iter()
                .collect(),
        }
    }

    async fn connect(&self) -> Connection {
        let tcp = TcpStream::connect(&self.address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let (connection, task) = http1::handshake(TokioIo::new(tcp)).await.unwrap();
        tokio::spawn(task);
        connection
    }
}

impl Call for Plain {
    async fn call(&self) {
        let idle = self.idle.lock().unwrap().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().await,
        };
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        connection.ready().await.unwrap();
        let response = connection.send_request(request).await.unwrap();
        assert!(response.status().is_success());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(!body.is_empty());
        self.idle.lock().unwrap().push(connection);
    }
}
