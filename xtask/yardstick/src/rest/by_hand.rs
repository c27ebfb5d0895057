//! The limit: hyper's connections, kept in a list by hand. A connection that the server has closed ends the measurement: a
//! program that has to replace it uses a pool, as `plain` does.

use super::{Call, headers, path};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Uri, header::HOST};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;

type Connection = SendRequest<Full<Bytes>>;

#[derive(Clone)]
pub(super) struct ByHand {
    address: String,
    /// The open connections without a call.
    idle: Arc<Mutex<Vec<Connection>>>,
    uri: Uri,
    headers: HeaderMap,
}

impl ByHand {
    pub(super) fn new(address: &str) -> Self {
        let mut headers = headers();
        headers.insert(HOST, HeaderValue::from_str(address).unwrap());
        Self {
            address: address.to_owned(),
            idle: Arc::default(),
            uri: path().parse().unwrap(),
            headers,
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

impl Call for ByHand {
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
