//! A console whose replies the test decides: sizes and shapes that the simulator never sends.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

/// The replies: `Ok` is the result of a command, `Err` the message of its exception. `None` is no reply.
pub(crate) type Reply = Option<Result<Value, String>>;

/// Starts the console on a port of the loopback. It accepts every token.
pub(crate) async fn console(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let reply = std::sync::Arc::new(reply);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let reply = std::sync::Arc::clone(&reply);
            tokio::spawn(async move { serve(stream, &*reply).await });
        }
    });
    port
}

/// Serves one connection until it ends.
async fn serve(stream: TcpStream, reply: &(dyn Fn(&str) -> Reply + Send + Sync)) -> Option<()> {
    let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
    let _token = socket.next().await?.ok()?;
    let accepted = json!({
        "type": "SystemMessage", "timeStamp": "2026-01-01T00:00:00Z", "eventType": "InfoLog",
        "data": "Connection Succeeded, Authenticated as: 7 - Ashwick",
    });
    socket
        .send(Message::text(accepted.to_string()))
        .await
        .ok()?;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let request: Value = serde_json::from_str(&text).unwrap();
        let line = request["content"].as_str().unwrap();
        let data = match line.strip_prefix("websocket subscribe ") {
            Some(_) => json!({"Result": "Success", "ResultString": "Success"}),
            None => match reply(line) {
                Some(Ok(result)) => json!({"Result": result, "ResultString": "System.Object"}),
                Some(Err(message)) => {
                    json!({"Exception": {"ClassName": "System.Exception", "Message": message}})
                }
                None => continue,
            },
        };
        let frame = json!({
            "type": "CommandResult", "timeStamp": "2026-01-01T00:00:00Z",
            "commandId": request["id"], "data": data,
        });
        socket.send(Message::text(frame.to_string())).await.ok()?;
    }
    Some(())
}
