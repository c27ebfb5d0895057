//! The yardstick: a task owns each socket, decodes every frame with serde_json into the same owned types and hands it over
//! a bounded channel; requests wait in a map from id to oneshot. No recovery, no time-outs, no counting.

use crate::ours::come_to_rest;
use alta_model::Server as Status;
use futures_util::SinkExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use yardstick::{ServerProcess, heap};

/// As many as we have, for the same reasons.
const PER_SOCKET: usize = 500;
const IN_FLIGHT: usize = 5;

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded as a real client would, whoever reads it")]
struct Frame {
    id: u64,
    event: String,
    key: String,
    content: String,
    #[serde(rename = "responseCode")]
    status: u16,
}

type Incoming = (String, String, Status);

struct Ask {
    method: &'static str,
    path: String,
    reply: oneshot::Sender<u16>,
    /// Gets the events of a subscription.
    events: Option<mpsc::Sender<Incoming>>,
}

#[derive(Clone)]
struct Plain(mpsc::Sender<Ask>);

impl Plain {
    async fn open(server: &ServerProcess) -> Self {
        let address = &server.address;
        let tcp = TcpStream::connect(address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1_024)
            .write_buffer_size(4 * 1_024);
        let (mut socket, _) =
            tokio_tungstenite::client_async_with_config(server.ws_url(), tcp, Some(config))
                .await
                .unwrap();
        let (asks, mut orders) = mpsc::channel::<Ask>(IN_FLIGHT);
        tokio::spawn(async move {
            let mut next = 1_u64;
            let mut open = HashMap::new();
            let mut readers = HashMap::<(String, String), mpsc::Sender<Incoming>>::new();
            loop {
                tokio::select! {
                    message = socket.next() => {
                        let Some(Ok(message)) = message else { return };
                        let Message::Text(text) = message else { continue };
                        let frame: Frame = serde_json::from_str(&text).unwrap();
                        if frame.event == "response" {
                            let waiting: oneshot::Sender<u16> = open.remove(&frame.id).unwrap();
                            let _ = waiting.send(frame.status);
                            continue;
                        }
                        let data = serde_json::from_str(&frame.content).unwrap();
                        let name = (frame.event, frame.key);
                        if let Some(reader) = readers.get(&name)
                            && reader.send((name.0, name.1, data)).await.is_err()
                        {
                            return;
                        }
                    }
                    ask = orders.recv() => {
                        let Some(ask) = ask else {
                            let _ = socket.close(None).await;
                            return;
                        };
                        let text = json!({
                            "id": next, "method": ask.method, "path": ask.path, "authorization": "Bearer token",
                        })
                        .to_string();
                        if let Some(events) = ask.events {
                            let mut words = ask.path.split('/').skip(1).map(str::to_owned);
                            readers.insert((words.next().unwrap(), words.next().unwrap()), events);
                        }
                        open.insert(next, ask.reply);
                        next += 1;
                        if socket.send(Message::text(text)).await.is_err() { return }
                    }
                }
            }
        });
        Self(asks)
    }

    async fn ask(&self, path: String, events: Option<mpsc::Sender<Incoming>>) {
        let (reply, answer) = oneshot::channel();
        let method = "POST";
        let ask = Ask {
            method,
            path,
            reply,
            events,
        };
        self.0.send(ask).await.unwrap();
        assert_eq!(answer.await.unwrap(), 200);
    }
}

/// Subscribes to so many topics over as many sockets as they need.
async fn subscribe(
    server: &ServerProcess,
    count: usize,
    mut reader: impl FnMut() -> mpsc::Sender<Incoming>,
) -> Vec<Plain> {
    let mut sockets = Vec::new();
    for first in (0..count).step_by(PER_SOCKET) {
        let socket = Plain::open(server).await;
        let mut open = FuturesUnordered::new();
        for number in first..count.min(first + PER_SOCKET) {
            if open.len() == IN_FLIGHT {
                open.next().await;
            }
            let path = format!(
                "subscription/group-server-status/{}",
                2_000_000_000 + number
            );
            open.push(socket.ask(path, Some(reader())));
        }
        while open.next().await.is_some() {}
        drop(open);
        sockets.push(socket);
    }
    sockets
}

pub(crate) async fn events(
    server: &ServerProcess,
    topics: usize,
    each: usize,
    rounds: usize,
) -> Duration {
    let (sender, mut events) = mpsc::channel(1_024);
    let sockets = subscribe(server, topics, || sender.clone()).await;
    let begin = Instant::now();
    let reading = tokio::spawn(async move {
        for _ in 0..rounds {
            sockets[0].ask(format!("blast/{each}"), None).await;
            for _ in 0..topics * each {
                black_box(events.recv().await.unwrap());
            }
        }
        begin.elapsed()
    });
    reading.await.unwrap()
}

pub(crate) async fn hold(server: &ServerProcess, count: usize) -> (Duration, f64) {
    drop(Plain::open(server).await);
    let before = heap();
    let begin = Instant::now();
    let mut streams = Vec::new();
    let sockets = subscribe(server, count, || {
        let (sender, stream) = mpsc::channel(1_024);
        streams.push(stream);
        sender
    })
    .await;
    let took = begin.elapsed();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let held = heap() - before;
    drop(sockets);
    (took, held / count as f64 / 1_024.0)
}

pub(crate) async fn paced(
    server: &ServerProcess,
    count: usize,
    rate: u64,
    lasting: Duration,
) -> f64 {
    let (sender, mut incoming) = mpsc::channel(1_024);
    let sockets = subscribe(server, count, || sender.clone()).await;
    let events = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&events);
    tokio::spawn(async move {
        while let Some(event) = incoming.recv().await {
            black_box(event);
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let order = format!("pace/{rate}/{}", lasting.as_secs_f64());
    sockets[0].ask(order, None).await;
    let cost = yardstick::cost_of(&events, lasting).await;
    drop(sockets);
    come_to_rest(lasting).await;
    cost
}
