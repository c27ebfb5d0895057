//! The yardstick: one task owns the socket, decodes every frame with serde_json into the same owned types and hands it
//! over a bounded channel; commands wait in a map from id to oneshot. No recovery, no time-outs, no counting.

use crate::ours::DEPTH;
use att_console::event::PlayerMovedChunk;
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
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

#[derive(Deserialize)]
#[serde(tag = "type")]
#[allow(dead_code, reason = "decoded as a real client would, whoever reads it")]
enum Frame {
    SystemMessage {
        data: Value,
    },
    Subscription {
        #[serde(rename = "timeStamp")]
        time: alta_model::Timestamp,
        data: PlayerMovedChunk,
    },
    CommandResult {
        data: Value,
        #[serde(rename = "commandId")]
        id: u64,
    },
}

struct Plain {
    commands: mpsc::Sender<(String, oneshot::Sender<Value>)>,
    events: mpsc::Receiver<(alta_model::Timestamp, PlayerMovedChunk)>,
}

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
        socket.send("token".into()).await.unwrap();
        let welcome = socket.next().await.unwrap().unwrap();
        assert!(matches!(
            serde_json::from_str(welcome.to_text().unwrap()).unwrap(),
            Frame::SystemMessage { .. }
        ));

        let (commands, mut orders) = mpsc::channel::<(String, oneshot::Sender<Value>)>(64);
        let (event_sender, events) = mpsc::channel(1_024);
        tokio::spawn(async move {
            let mut next = 1_u64;
            let mut open = HashMap::new();
            loop {
                tokio::select! {
                    message = socket.next() => {
                        let Some(Ok(message)) = message else { return };
                        let Message::Text(text) = message else { continue };
                        match serde_json::from_str(&text).unwrap() {
                            Frame::Subscription { time, data } => {
                                if event_sender.send((time, data)).await.is_err() { return }
                            }
                            Frame::CommandResult { data, id } => {
                                let waiting: oneshot::Sender<Value> = open.remove(&id).unwrap();
                                let _ = waiting.send(data);
                            }
                            Frame::SystemMessage { .. } => {}
                        }
                    }
                    order = orders.recv() => {
                        let Some((line, reply)) = order else {
                            let _ = socket.close(None).await;
                            return;
                        };
                        let text = json!({"id": next, "content": line}).to_string();
                        open.insert(next, reply);
                        next += 1;
                        if socket.send(Message::text(text)).await.is_err() { return }
                    }
                }
            }
        });
        Self { commands, events }
    }

    async fn command(&self, line: String) -> Value {
        let (reply, answer) = oneshot::channel();
        self.commands.send((line, reply)).await.unwrap();
        answer.await.unwrap()
    }
}

pub(crate) async fn events(server: &ServerProcess, count: u64) -> Duration {
    let mut plain = Plain::open(server).await;
    plain
        .command("websocket subscribe PlayerMovedChunk".to_owned())
        .await;
    let begin = Instant::now();
    let reading = tokio::spawn(async move {
        plain.command(format!("blast {count}")).await;
        for _ in 0..count {
            black_box(plain.events.recv().await.unwrap());
        }
        begin.elapsed()
    });
    reading.await.unwrap()
}

pub(crate) async fn round_trips(server: &ServerProcess, count: usize) -> Vec<Duration> {
    let plain = Plain::open(server).await;
    let running = tokio::spawn(async move {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let begin = Instant::now();
            black_box(plain.command("player count".to_owned()).await);
            times.push(begin.elapsed());
        }
        times
    });
    running.await.unwrap()
}

pub(crate) async fn pipelined(server: &ServerProcess, count: usize) -> Duration {
    let plain = Plain::open(server).await;
    let running = tokio::spawn(async move {
        let begin = Instant::now();
        let mut open = FuturesUnordered::new();
        for _ in 0..count {
            if open.len() == DEPTH {
                black_box(open.next().await.unwrap());
            }
            open.push(plain.command("player count".to_owned()));
        }
        while let Some(reply) = open.next().await {
            black_box(reply);
        }
        begin.elapsed()
    });
    running.await.unwrap()
}

pub(crate) async fn idle_heap(server: &ServerProcess, count: usize) -> f64 {
    drop(Plain::open(server).await);
    let before = heap();
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        open.push(Plain::open(server).await);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    (heap() - before) / count as f64 / 1_024.0
}

pub(crate) async fn paced(
    server: &ServerProcess,
    clients: u64,
    rate: u64,
    lasting: Duration,
) -> f64 {
    let events = Arc::new(AtomicU64::new(0));
    let mut open_ones = Vec::new();
    for _ in 0..clients {
        let Plain {
            commands,
            events: mut incoming,
        } = Plain::open(server).await;
        let events = Arc::clone(&events);
        tokio::spawn(async move {
            while let Some(event) = incoming.recv().await {
                black_box(event);
                events.fetch_add(1, Ordering::Relaxed);
            }
        });
        open_ones.push(commands);
    }
    let line = format!("pace {clients} {rate} {}", lasting.as_secs_f64());
    for commands in &open_ones {
        let (reply, answer) = oneshot::channel();
        commands.send((line.clone(), reply)).await.unwrap();
        answer.await.unwrap();
    }
    yardstick::cost_of(&events, lasting).await
}
