//! A websocket client: tungstenite over a plain connection.

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::AUTHORIZATION;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

pub(super) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a websocket with a bearer token, if there is one.
    async fn open(address: &str, token: Option<&str>, read_buffer: usize) -> Self {
        let tcp = TcpStream::connect(address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let mut request = format!("ws://{address}/").into_client_request().unwrap();
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let config = WebSocketConfig::default().read_buffer_size(read_buffer);
        let opened = tokio_tungstenite::client_async_with_config(request, tcp, Some(config));
        Self(opened.await.unwrap().0)
    }

    /// Opens a main websocket.
    pub(super) async fn main(address: &str, token: &str) -> Self {
        Self::open(address, Some(token), crate::plain::SMALL_BUFFER).await
    }

    /// Opens a console, and waits for its greeting.
    pub(super) async fn console(address: &str, token: &str, read_buffer: usize) -> Self {
        let mut socket = Self::open(address, None, read_buffer).await;
        socket.send(token.to_owned()).await;
        let greeting = socket.text().await;
        assert!(greeting.contains("Connection Succeeded"), "{greeting}");
        socket
    }

    pub(super) async fn send(&mut self, text: String) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next text frame.
    pub(super) async fn text(&mut self) -> Utf8Bytes {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                return text;
            }
        }
    }

    /// Runs a command of a console, and returns the number of frames before its reply.
    pub(super) async fn command(&mut self, id: usize, line: &str) -> usize {
        self.send(format!(r#"{{"id":{id},"content":"{line}"}}"#))
            .await;
        let end = format!(r#""commandId":{id}}}"#);
        let mut frames = 0;
        loop {
            let text = self.text().await;
            if text.ends_with(&end) {
                return frames;
            }
            frames += 1;
        }
    }
}
