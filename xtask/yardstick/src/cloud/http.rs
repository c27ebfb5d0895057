//! A client for REST: hyper's connections, one request at a time on each.

use super::service::Credentials;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// The form of logins.
const FORM: &str = "application/x-www-form-urlencoded";

const JSON: &str = "application/json";

/// A connection that is kept alive.
pub(super) struct Http {
    host: String,
    connection: SendRequest<Full<Bytes>>,
}

/// A request that is sent many times.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) method: Method,
    pub(super) path: String,
    /// The bearer token.
    pub(super) token: String,
    pub(super) body: String,
}

impl Exchange {
    pub(super) fn get(path: String, token: &str) -> Self {
        Self {
            method: Method::GET,
            path,
            token: token.to_owned(),
            body: String::new(),
        }
    }
}

impl Http {
    pub(super) async fn open(host: &str) -> Self {
        let tcp = TcpStream::connect(host).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let (connection, task) = http1::handshake(TokioIo::new(tcp)).await.unwrap();
        tokio::spawn(task);
        Self {
            host: host.to_owned(),
            connection,
        }
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Bytes {
        let request = request.header(HOST, &self.host);
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        self.connection.ready().await.unwrap();
        let response = self.connection.send_request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(status.is_success(), "{status}: {body:?}");
        body
    }

    pub(super) async fn exchange(&mut self, exchange: &Exchange) -> Bytes {
        let request = Request::builder()
            .method(exchange.method.clone())
            .uri(&exchange.path)
            .header(AUTHORIZATION, format!("Bearer {}", exchange.token))
            .header(CONTENT_TYPE, JSON);
        self.send(request, exchange.body.clone()).await
    }

    /// Logs a bot in, and returns its token with all scopes.
    pub(super) async fn log_in(&mut self, bot: &Credentials) -> String {
        let secret = bot.secret.replace('%', "%25").replace('+', "%2B");
        let secret = secret.replace('&', "%26").replace(' ', "+");
        let scopes = alta_cloud::state::SCOPES.join("+");
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={secret}&scope={scopes}",
            bot.id
        );
        let request = Request::builder()
            .method(Method::POST)
            .uri("/connect/token")
            .header(CONTENT_TYPE, FORM);
        text(&self.send(request, body).await, "access_token")
    }

    /// A token for the console of a server.
    pub(super) async fn console_token(&mut self, token: &str, server: u64) -> String {
        let exchange = Exchange {
            method: Method::POST,
            path: format!("/api/servers/{server}/console"),
            token: token.to_owned(),
            body: r#"{"should_launch":false,"ignore_offline":false}"#.to_owned(),
        };
        loop {
            let reply = self.exchange(&exchange).await;
            let reply: Value = serde_json::from_slice(&reply).unwrap();
            if let Some(token) = reply["token"].as_str() {
                return token.to_owned();
            }
            // The service has not reached the console yet.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

fn text(body: &Bytes, name: &str) -> String {
    let reply: Value = serde_json::from_slice(body).unwrap();
    reply[name].as_str().unwrap().to_owned()
}
