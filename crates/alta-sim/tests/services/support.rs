//! A plain HTTP client and a plain websocket client.

use alta_sim::Sim;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Above the duration of anything that succeeds.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP response.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text))
    }
}

/// The host and port of a URL.
pub(crate) fn authority(url: &str) -> String {
    url.split("//")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned()
}

/// Sends one request on a new connection.
pub(crate) async fn try_http(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Reply, hyper::Error> {
    let host = authority(url);
    let stream = TcpStream::connect(&host).await.unwrap();
    let path = url.split_once(&host).unwrap().1.to_owned();
    let exchange = async move {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = sender
            .send_request(
                request
                    .body(Full::new(Bytes::from(body.to_owned())))
                    .unwrap(),
            )
            .await?;
        let (head, body) = response.into_parts();
        let text = String::from_utf8_lossy(&body.collect().await?.to_bytes()).into_owned();
        driver.abort();
        Ok(Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            text,
        })
    };
    timeout(TIMEOUT, exchange)
        .await
        .expect("an HTTP response in time")
}

pub(crate) async fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    try_http(method, url, headers, body).await.unwrap()
}

async fn call(sim: &Sim, token: String, method: &str, path: &str, body: &str) -> Reply {
    let url = format!("{}/{path}", sim.rest_url());
    let bearer = format!("Bearer {token}");
    http(method, &url, &[("authorization", &bearer)], body).await
}

/// Sends a REST request as the bot.
pub(crate) async fn rest(sim: &Sim, method: &str, path: &str, body: &str) -> Reply {
    call(sim, sim.bot_token(), method, path, body).await
}

/// Sends a REST request as the user.
pub(crate) async fn rest_as_user(sim: &Sim, method: &str, path: &str, body: &str) -> Reply {
    call(sim, sim.user_token(), method, path, body).await
}

/// SHA-512 of "a-quiet-evening", the password in `Sim::user`.
pub(crate) const HASH_OF_PASSWORD: &str = "fe12941c30d7c870c8028423fe426c4b12b99ed40a908dba085fb088ec9d37b6098295d24fa6024e575144784d90a60d2d2263e5b9f6aa43e2f8672700effdde";

/// A websocket client.
pub(crate) struct Socket<S = TcpStream>(pub(crate) WebSocketStream<S>);

/// Performs a websocket handshake on a byte stream.
pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    url: &str,
    bearer: Option<&str>,
) -> Result<Socket<S>, Error> {
    let mut request = url.into_client_request().unwrap();
    if let Some(token) = bearer {
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
    }
    let opened = timeout(TIMEOUT, client_async(request, stream))
        .await
        .expect("a handshake in time");
    Ok(Socket(opened?.0))
}

pub(crate) async fn try_open(url: &str, bearer: Option<&str>) -> Result<Socket, Error> {
    let stream = TcpStream::connect(authority(url))
        .await
        .map_err(Error::Io)?;
    handshake(stream, url, bearer).await
}

/// Opens the main websocket as the bot.
pub(crate) async fn main_socket(sim: &Sim) -> Socket {
    try_open(&sim.socket_url(), Some(&sim.bot_token()))
        .await
        .unwrap()
}

/// Opens a console and sends its first frame, the token.
pub(crate) async fn console_with(sim: &Sim, server: u64, token: &str) -> Socket {
    let url = sim.console_url(server).unwrap();
    let mut socket = try_open(&url, None).await.unwrap();
    socket.send(token).await;
    socket
}

/// Opens a console whose token was accepted.
pub(crate) async fn console(sim: &Sim, server: u64) -> Socket {
    let mut socket = console_with(sim, server, &sim.console_token(server)).await;
    socket.is_accepted().await;
    socket
}

/// The decoded content of a frame of the main websocket.
pub(crate) fn content(frame: &Value) -> Value {
    serde_json::from_str(frame["content"].as_str().unwrap()).unwrap()
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Reads a console's reply to an accepted token.
    pub(crate) async fn is_accepted(&mut self) {
        let welcome = self.text().await;
        assert!(welcome.contains("Connection Succeeded"), "{welcome}");
    }

    /// Returns whether no frame arrives for a short time.
    pub(crate) async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_millis(50), self.frame())
            .await
            .is_err()
    }

    /// Subscribes on the main websocket.
    pub(crate) async fn subscribe(&mut self, sim: &Sim, event: &str, key: u64) {
        let path = format!("subscription/{event}/{key}");
        let reply = self.request(sim, 1, "POST", &path).await;
        assert_eq!(reply["responseCode"], 200, "{reply}");
    }

    /// The next frame except pings and pongs. `None` after the connection has ended without a close frame.
    pub(crate) async fn frame(&mut self) -> Option<Message> {
        loop {
            match timeout(TIMEOUT, self.0.next())
                .await
                .expect("a frame in time")
            {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn text(&mut self) -> String {
        match self.frame().await {
            Some(Message::Text(text)) => text.as_str().to_owned(),
            other => panic!("no text frame: {other:?}"),
        }
    }

    pub(crate) async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    /// Sends a command and reads the next frame, its reply.
    pub(crate) async fn command(&mut self, id: u64, line: &str) -> Value {
        self.send(&json!({"id": id, "content": line}).to_string())
            .await;
        let reply = self.json().await;
        assert_eq!(reply["commandId"], id, "{reply}");
        reply
    }

    /// Sends a request on the main websocket and reads the next frame, its reply.
    pub(crate) async fn request(&mut self, sim: &Sim, id: u64, method: &str, path: &str) -> Value {
        self.request_with(sim, id, method, path, None).await
    }

    pub(crate) async fn request_with(
        &mut self,
        sim: &Sim,
        id: u64,
        method: &str,
        path: &str,
        content: Option<Value>,
    ) -> Value {
        let authorization = format!("Bearer {}", sim.bot_token());
        let mut frame =
            json!({"id": id, "method": method, "path": path, "authorization": authorization});
        if let Some(content) = content {
            frame["content"] = content;
        }
        self.send(&frame.to_string()).await;
        self.json().await
    }
}
