//! A main socket's server that costs as little as it can, in a process of its own.
//!
//! It answers every request at once with success. Beside, it knows `blast/N` (N events for every subscription of every
//! connection, as fast as the sockets take them) and `pace/R/S` (R events a second for S seconds, over all connections).

use futures_util::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use yardstick::Pacer;

/// What every connection is to send.
#[derive(Clone, Copy)]
enum Order {
    Blast(usize),
    Pace(f64, Duration),
}

struct Shared {
    orders: broadcast::Sender<Order>,
    /// Connections with a subscription.
    holders: AtomicUsize,
    pacer: Pacer,
}

pub(crate) fn run() {
    let shared = Arc::new(Shared {
        orders: broadcast::channel(16).0,
        holders: AtomicUsize::new(0),
        pacer: Pacer::default(),
    });
    yardstick::listen(move |tcp| serve(tcp, Arc::clone(&shared)));
}

async fn serve(tcp: TcpStream, shared: Arc<Shared>) {
    let mut keys = Vec::new();
    // A client that goes away is no surprise.
    let _ = talk(tcp, &shared, &mut keys).await;
    if !keys.is_empty() {
        shared.holders.fetch_sub(1, Ordering::Relaxed);
    }
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
                    Order::Pace(rate, lasting) if !keys.is_empty() => {
                        let holders = shared.holders.load(Ordering::Relaxed);
                        let frames = keys.iter().map(|key| frame(key)).collect();
                        shared.pacer.join(socket.get_ref(), frames, holders, rate, lasting)?;
                    }
                    Order::Pace(..) => {}
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
                if keys.is_empty() {
                    shared.holders.fetch_add(1, Ordering::Relaxed);
                }
                keys.push(key.to_owned());
            }
            ["blast", times] => {
                let _ = shared.orders.send(Order::Blast(times.parse()?));
            }
            ["pace", rate, seconds] => {
                let lasting = Duration::from_secs_f64(seconds.parse()?);
                let _ = shared.orders.send(Order::Pace(rate.parse()?, lasting));
            }
            _ => {}
        }
        socket.send(answer.into()).await?;
    }
}

/// A status of a server with three players, as samples look.
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

fn frame(key: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    framed(&event(key), &mut frame);
    frame
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
