//! A console server that costs as little as it can, in a process of its own.
//!
//! Beside ordinary commands, which it answers at once, it knows `blast N` (N events as fast as the socket takes them) and
//! `pace C N S` (when C connections have asked for it, N events a second over all of them for S seconds).

use futures_util::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use yardstick::Pacer;

const WELCOME: &str = r#"{"type":"SystemMessage","timeStamp":"2023-07-01T18:23:32.709941Z","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 0 - Server"}"#;

pub(crate) fn run() {
    let pacer = Arc::new(Pacer::default());
    yardstick::listen(move |tcp| serve(tcp, Arc::clone(&pacer)));
}

async fn serve(tcp: TcpStream, pacer: Arc<Pacer>) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(tcp).await else {
        return;
    };
    if socket.next().await.is_none() || socket.send(WELCOME.into()).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let request: serde_json::Value = serde_json::from_str(&text).unwrap();
        let line = request["content"].as_str().unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let answered = socket.feed(answer(&request["id"]).into()).await;
        let done = match words[..] {
            ["blast", count] => blast(&mut socket, count.parse().unwrap()).await,
            ["pace", connections, rate, seconds] => {
                let mut frame = Vec::new();
                framed(&event(7), &mut frame);
                let lasting = Duration::from_secs_f64(seconds.parse().unwrap());
                let (connections, rate) = (connections.parse().unwrap(), rate.parse().unwrap());
                // The answer goes before the events.
                let flushed = socket.flush().await.map_err(std::io::Error::other);
                flushed.and_then(|()| {
                    pacer.join(socket.get_ref(), vec![frame], connections, rate, lasting)
                })
            }
            _ => socket.flush().await.map_err(std::io::Error::other),
        };
        if answered.is_err() || done.is_err() {
            return;
        }
    }
}

/// One answer serves all: to a subscription it says that it is held.
fn answer(id: &serde_json::Value) -> String {
    format!(
        r#"{{"type":"CommandResult","timeStamp":"2023-07-02T03:04:55.727087Z","data":{{"Result":"Unchanged","ResultString":"Unchanged"}},"commandId":{id}}}"#
    )
}

fn event(number: u64) -> String {
    format!(
        r#"{{"type":"Subscription","timeStamp":"2024-08-03T04:08:51.558381Z","eventType":"PlayerMovedChunk","data":{{"player":{{"id":{},"username":"fernhollow"}},"oldChunk":"Townhall Building Chunk","newChunk":"Chunk {}-33"}}}}"#,
        1_200_000_000 + number % 100,
        number % 40
    )
}

/// A text frame as it goes over the wire, unmasked as a server's are.
fn framed(text: &str, into: &mut Vec<u8>) {
    into.push(0x81);
    match text.len() {
        length @ 0..=125 => into.push(u8::try_from(length).unwrap()),
        length => {
            into.push(126);
            into.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    into.extend_from_slice(text.as_bytes());
}

/// Events written at once.
const BATCH: u64 = 400;

async fn blast(socket: &mut WebSocketStream<TcpStream>, count: u64) -> std::io::Result<()> {
    socket.flush().await.map_err(std::io::Error::other)?;
    let mut batch = Vec::new();
    (0..BATCH).for_each(|number| framed(&event(number), &mut batch));
    for _ in 0..count / BATCH {
        socket.get_mut().write_all(&batch).await?;
    }
    let mut rest = Vec::new();
    (0..count % BATCH).for_each(|number| framed(&event(number), &mut rest));
    socket.get_mut().write_all(&rest).await
}
