//! A main socket's server that costs as little as it can, in a process of its own.
//!
//! It answers every request at once with success. Beside, it knows `blast/N` (N events for every subscription of every
//! connection, as fast as the sockets take them) and `pace/R/S` (R events a second for S seconds, over all subscriptions).

use futures_util::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// What every connection is to send.
#[derive(Clone, Copy)]
enum Order {
    Blast(usize),
    Pace(f64, f64),
}

struct Shared {
    orders: broadcast::Sender<Order>,
    subscriptions: AtomicUsize,
}

pub(crate) fn run() {
    let shared = Arc::new(Shared {
        orders: broadcast::channel(16).0,
        subscriptions: AtomicUsize::new(0),
    });
    yardstick::listen(move |tcp| serve(tcp, Arc::clone(&shared)));
}

async fn serve(tcp: TcpStream, shared: Arc<Shared>) {
    let mut keys = Vec::new();
    // A client that goes away is no surprise.
    let _ = talk(tcp, &shared, &mut keys).await;
    shared
        .subscriptions
        .fetch_sub(keys.len(), Ordering::Relaxed);
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn talk(tcp: TcpStream, shared: &Shared, keys: &mut Vec<String>) -> Outcome {
    let mut socket = tokio_tungstenite::accept_async(tcp).await?;
    let mut orders = shared.orders.subscribe();
    loop {
        let message = tokio::select! {
            message = socket.next() => message.ok_or("gone")??,
            order = orders.recv() => {
                match order? {
                    Order::Blast(times) => blast(&mut socket, keys, times).await?,
                    Order::Pace(rate, seconds) => {
                        let all = shared.subscriptions.load(Ordering::Relaxed);
                        let share = keys.len() as f64 / all as f64;
                        pace(&mut socket, keys, rate * share, seconds).await?;
                    }
                }
                continue;
            }
        };
        let Message::Text(text) = message else {
            continue;
        };
        let request: serde_json::Value = serde_json::from_str(&text)?;
        let path = request["path"].as_str().unwrap();
        let answer = format!(
            r#"{{"id":{},"event":"response","key":"{} /ws/{path}","content":"","responseCode":200}}"#,
            request["id"],
            request["method"].as_str().unwrap()
        );
        let words: Vec<&str> = path.split('/').collect();
        match words[..] {
            ["subscription", _, key] => {
                keys.push(key.to_owned());
                shared.subscriptions.fetch_add(1, Ordering::Relaxed);
            }
            ["blast", times] => {
                let _ = shared.orders.send(Order::Blast(times.parse()?));
            }
            ["pace", rate, seconds] => {
                let order = Order::Pace(rate.parse()?, seconds.parse()?);
                let _ = shared.orders.send(order);
            }
            _ => {}
        }
        socket.send(answer.into()).await?;
    }
}

/// A status of a server with three players, as recorded ones look.
fn event(key: &str) -> String {
    let content = format!(
        r#"{{"id":1234567,"name":"A Quiet Place","online_players":[{{"id":1200000001,"username":"fernhollow"}},{{"id":1200000002,"username":"ashwick"}},{{"id":1200000003,"username":"juno"}}],"server_status":"Online","final_status":"Online","scene_index":0,"target":1,"region":"north-america-east","online_ping":"2023-07-02T03:04:55.727087Z","last_online":"2023-07-02T03:04:55.727087Z","description":"Slow and friendly","playability":0.0,"version":"main-1.7.2.1.42203","group_id":{key},"owner_type":"Group","owner_id":7,"type":"Normal","fleet":"att-quest","up_time":"2.03:04:05"}}"#
    );
    let content = serde_json::Value::from(content);
    format!(
        r#"{{"id":0,"event":"group-server-status","key":"{key}","content":{content},"responseCode":200}}"#
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
const BATCH: usize = 200;

async fn blast(
    socket: &mut WebSocketStream<TcpStream>,
    keys: &[String],
    times: usize,
) -> std::io::Result<()> {
    let batches: Vec<Vec<u8>> = keys
        .chunks(BATCH)
        .map(|keys| {
            let mut batch = Vec::new();
            for key in keys {
                framed(&event(key), &mut batch);
            }
            batch
        })
        .collect();
    for _ in 0..times {
        for batch in &batches {
            socket.get_mut().write_all(batch).await?;
        }
    }
    Ok(())
}

async fn pace(
    socket: &mut WebSocketStream<TcpStream>,
    keys: &[String],
    rate: f64,
    seconds: f64,
) -> std::io::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let frames: Vec<Vec<u8>> = keys
        .iter()
        .map(|key| {
            let mut frame = Vec::new();
            framed(&event(key), &mut frame);
            frame
        })
        .collect();
    let mut frames = frames.iter().cycle();
    // A millisecond is the timer's own grain.
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    let begin = tokio::time::Instant::now();
    let mut sent = 0.0;
    loop {
        let elapsed = begin.elapsed().as_secs_f64();
        if elapsed > seconds {
            return Ok(());
        }
        while sent < rate * elapsed {
            sent += 1.0;
            if let Some(frame) = frames.next() {
                socket.get_mut().write_all(frame).await?;
            }
        }
        ticks.tick().await;
    }
}
