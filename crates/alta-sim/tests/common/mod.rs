//! A bare HTTP client and a bare websocket client.

#![allow(dead_code, reason = "not every test file needs every helper")]

use std::time::Duration;

use alta_sim::Sim;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
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

/// One request on a connection of its own.
pub(crate) async fn try_http(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer, hyper::Error> {
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
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text,
        })
    };
    timeout(PATIENCE, exchange)
        .await
        .expect("an HTTP answer in time")
}

pub(crate) async fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    try_http(method, url, headers, body).await.unwrap()
}

/// A REST call as the bot.
pub(crate) async fn rest(sim: &Sim, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {}", sim.bot_token());
    http(
        method,
        &format!("{}/{path}", sim.rest_url()),
        &[("authorization", &bearer)],
        body,
    )
    .await
}

/// A REST call as the user.
pub(crate) async fn rest_as_user(sim: &Sim, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {}", sim.user_token());
    http(
        method,
        &format!("{}/{path}", sim.rest_url()),
        &[("authorization", &bearer)],
        body,
    )
    .await
}

pub(crate) struct Socket<S = TcpStream>(pub(crate) WebSocketStream<S>);

pub(crate) async fn try_open(url: &str, bearer: Option<&str>) -> Result<Socket, Error> {
    let stream = TcpStream::connect(authority(url))
        .await
        .map_err(Error::Io)?;
    let mut request = url.into_client_request().unwrap();
    if let Some(token) = bearer {
        request
            .headers_mut()
            .insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let dialled = timeout(PATIENCE, client_async(request, stream))
        .await
        .expect("a handshake in time");
    Ok(Socket(dialled?.0))
}

/// The main websocket as the bot.
pub(crate) async fn main_socket(sim: &Sim) -> Socket {
    try_open(&sim.socket_url(), Some(&sim.bot_token()))
        .await
        .unwrap()
}

/// A console, let in.
pub(crate) async fn console(sim: &Sim, server: u64) -> Socket {
    let mut socket = try_open(&sim.console_url(server).unwrap(), None)
        .await
        .unwrap();
    socket.send(&sim.console_token(server)).await;
    let welcome = socket.json().await;
    assert!(
        welcome["data"]
            .as_str()
            .unwrap()
            .contains("Connection Succeeded"),
        "{welcome}"
    );
    socket
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next frame that is no ping or pong; `None` once the connection has ended without a close frame.
    pub(crate) async fn frame(&mut self) -> Option<Message> {
        loop {
            match timeout(PATIENCE, self.0.next())
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

    /// Sends a command and takes the next frame for its answer.
    pub(crate) async fn command(&mut self, id: u64, line: &str) -> Value {
        self.send(&json!({"id": id, "content": line}).to_string())
            .await;
        let answer = self.json().await;
        assert_eq!(answer["commandId"], id, "{answer}");
        answer
    }

    /// Sends a request on the main websocket and takes the next frame for its answer.
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
