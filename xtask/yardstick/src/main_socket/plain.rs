//! The plain client of the main websocket.

use super::{FEW, FIRST_GROUP, parts};
use crate::Values;
use crate::args::Job;
use crate::clocks::{Heap, Watch, cost_of};
use crate::plain::{self, Incoming, Protocol, SMALL_BUFFER};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::mpsc;

struct MainSocket;

type Client = plain::Client<MainSocket>;
type Reader = mpsc::Receiver<Event>;

/// As many as the library has, for the same reasons.
const PER_SOCKET: usize = 500;
const IN_FLIGHT: usize = 5;

#[derive(Deserialize)]
struct Frame<'a> {
    id: u64,
    event: &'a str,
    key: &'a str,
    /// JSON in a string, with escapes.
    content: String,
    #[serde(rename = "responseCode")]
    status: u16,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct User {
    id: i64,
    username: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct Town {
    id: i64,
    name: String,
    online_players: Vec<User>,
    server_status: String,
    final_status: String,
    scene_index: i64,
    target: i64,
    region: String,
    online_ping: Option<String>,
    last_online: Option<String>,
    description: Option<String>,
    playability: f64,
    version: Option<String>,
    group_id: Option<i64>,
    owner_type: Option<String>,
    owner_id: Option<i64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    fleet: Option<String>,
    up_time: Option<String>,
}

#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct Event {
    name: String,
    key: String,
    data: Town,
}

impl Protocol for MainSocket {
    type Event = Event;
    type Reply = u16;
    const LOGIN: Option<&'static str> = None;

    fn request(id: u64, path: &str) -> String {
        format!(r#"{{"id":{id},"method":"POST","path":"{path}","authorization":"Bearer token"}}"#)
    }

    fn read(text: &str) -> serde_json::Result<Incoming<Self>> {
        let frame: Frame<'_> = serde_json::from_str(text)?;
        match frame.event {
            "response" => Ok(Incoming::Reply(frame.id, frame.status)),
            name => Ok(Incoming::Event(Event {
                name: name.to_owned(),
                key: frame.key.to_owned(),
                data: serde_json::from_str(&frame.content)?,
            })),
        }
    }
}

async fn request(client: &Client, path: String) {
    assert_eq!(client.request(path).await, 200);
}

/// Subscribes to `count` topics, over as many sockets as they need.
async fn subscribe(job: &Job, count: usize, buffer: Option<usize>) -> Vec<(Client, Reader)> {
    let mut clients = Vec::new();
    for first in (0..count).step_by(PER_SOCKET) {
        let (client, reader) = Client::open(job, buffer).await;
        let mut open = FuturesUnordered::new();
        for number in first..count.min(first + PER_SOCKET) {
            if open.len() == IN_FLIGHT {
                open.next().await;
            }
            let group = FIRST_GROUP + i64::try_from(number).unwrap();
            let path = format!("subscription/group-server-status/{group}");
            open.push(request(&client, path));
        }
        while open.next().await.is_some() {}
        drop(open);
        clients.push((client, reader));
    }
    clients
}

async fn read(reader: &mut Reader, count: usize) {
    for _ in 0..count {
        black_box(reader.recv().await.unwrap());
    }
}

pub(super) async fn events(job: &Job) -> Values {
    let mut clients = subscribe(job, FEW, None).await;
    let (client, reader) = &mut clients[0];
    let mut rate = Values::new();
    for count in [job.warm_up(), job.count] {
        let watch = Watch::start();
        for part in parts(count) {
            let flood = request(client, format!("flood/{part}"));
            tokio::join!(flood, read(reader, part));
        }
        rate = watch.rate(count);
    }
    rate
}

pub(super) async fn hold(job: &Job, heap: Heap) -> Values {
    // The first connection allocates the shared memory.
    drop(Client::open(job, Some(SMALL_BUFFER)).await);
    let before = heap.now();
    let begin = Instant::now();
    let clients = subscribe(job, job.count, Some(SMALL_BUFFER)).await;
    let seconds = begin.elapsed().as_secs_f64();
    tokio::time::sleep(super::ours::SETTLE).await;
    let mut values = heap.growth(before, job.count);
    values.insert("seconds".to_owned(), seconds);
    drop(clients);
    values
}

pub(super) async fn paced(job: &Job) -> Values {
    let events = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for (client, mut reader) in subscribe(job, job.count, Some(SMALL_BUFFER)).await {
        let events = Arc::clone(&events);
        tokio::spawn(async move {
            while let Some(event) = reader.recv().await {
                black_box(event);
                events.fetch_add(1, Ordering::Relaxed);
            }
        });
        clients.push(client);
    }
    request(&clients[0], format!("pace/{}/{}", job.rate, job.seconds)).await;
    cost_of(&events, job.lasting()).await
}
