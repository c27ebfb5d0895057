//! A hand-made server: it sends exactly the frames that a test gives it.

use att_console::ConsoleAccess;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

pub(crate) const WELCOME: &str = r#"{"type":"SystemMessage","timeStamp":"2026-11-28T10:00:00Z","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 0 - Server"}"#;

/// The data of a reply without a value.
pub(crate) const SUCCESS: &str = r#"{"Result":"Success","ResultString":"Success"}"#;

/// Starts a server that accepts any token on any number of connections. `replies` turns the id and the line of a command into
/// the text frames that the server sends. It ends with the test.
pub(crate) async fn server<F>(replies: F) -> ConsoleAccess
where
    F: Fn(u32, &str) -> Vec<String> + Clone + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, replies.clone()));
        }
    });
    ConsoleAccess::new(url.parse().unwrap(), "a token")
}

async fn serve(
    stream: tokio::net::TcpStream,
    replies: impl Fn(u32, &str) -> Vec<String>,
) -> Option<()> {
    let mut socket = accept_async(stream).await.ok()?;
    let _token = socket.next().await?.ok()?;
    socket.send(Message::text(WELCOME)).await.ok()?;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let request: serde_json::Value = serde_json::from_str(&text).unwrap();
        let id = u32::try_from(request["id"].as_u64().unwrap()).unwrap();
        for frame in replies(id, request["content"].as_str().unwrap()) {
            socket.feed(Message::text(frame)).await.ok()?;
        }
        socket.flush().await.ok()?;
    }
    None
}

/// The reply to a command, with this JSON as its data.
pub(crate) fn reply(id: u32, data: &str) -> String {
    format!(
        r#"{{"type":"CommandResult","timeStamp":"2026-11-28T10:00:01.5Z","data":{data},"commandId":{id}}}"#
    )
}

/// The event of a player who joins.
pub(crate) fn joined(name: &str) -> String {
    format!(
        r#"{{"type":"Subscription","timeStamp":"2026-11-28T10:00:01Z","eventType":"PlayerJoined","data":{{"user":{{"id":1200000001,"username":"{name}"}},"mode":"OpenVR","position":[1.0,2.0,3.0]}}}}"#
    )
}
