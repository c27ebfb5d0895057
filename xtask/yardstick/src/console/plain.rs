//! The plain client of a console.

use super::ours::{SETTLE, pace, parts};
use super::{COMMAND, bad_peer, events, snapshots};
use crate::Values;
use crate::args::Job;
use crate::clocks::{Heap, Watch, cost_of, cost_of_idling, percentiles};
use crate::plain::{self, COMMAND_BUFFER, Incoming, Protocol, SMALL_BUFFER};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

struct Console;

type Client = plain::Client<Console>;

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(rename = "timeStamp", default)]
    time: &'a str,
    #[serde(rename = "eventType", default)]
    event: &'a str,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(rename = "commandId")]
    id: Option<u64>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct User {
    id: u32,
    username: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct Move {
    player: User,
    old_chunk: String,
    new_chunk: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct StateChange {
    user: User,
    state: String,
    is_enter: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct Stored {
    user: User,
    item_name: String,
    quantity: i64,
    item_hash: Option<u32>,
    material: Option<String>,
    save_string: String,
    change_type: String,
    inventory_type: String,
    destination_user: Option<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded as a bot needs it, and not all read here")]
struct Detailed {
    position: Option<[f64; 3]>,
    head_position: Option<[f64; 3]>,
    head_forward: Option<[f64; 3]>,
    head_up: Option<[f64; 3]>,
    left_hand_position: Option<[f64; 3]>,
    left_hand_forward: Option<[f64; 3]>,
    left_hand_up: Option<[f64; 3]>,
    right_hand_position: Option<[f64; 3]>,
    right_hand_forward: Option<[f64; 3]>,
    right_hand_up: Option<[f64; 3]>,
    chunk: Option<String>,
    body: Option<Body>,
    #[serde(rename = "id")]
    id: u64,
    #[serde(rename = "username")]
    username: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct Body {
    identifier: u64,
    name: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct Presence {
    user: User,
    mode: String,
    position: [f32; 3],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
struct Log {
    message: String,
    time_stamp: String,
    logger: String,
}

#[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
enum Data {
    Move(Move),
    State(StateChange),
    Item(Box<Stored>),
    Presence(Presence),
    Log(Log),
}

struct Event {
    /// The name's place in the list.
    name: usize,
    #[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
    time: String,
    #[expect(dead_code, reason = "decoded as a bot needs it, and not read here")]
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    result: Option<Box<RawValue>>,
    result_string: Option<String>,
    exception: Option<Box<RawValue>>,
}

impl Protocol for Console {
    type Event = Event;
    type Reply = Reply;
    const LOGIN: Option<&'static str> = Some("token");

    fn request(id: u64, content: &str) -> String {
        format!(r#"{{"id":{id},"content":"{content}"}}"#)
    }

    fn read(text: &str) -> serde_json::Result<Incoming<Self>> {
        let frame: Frame<'_> = serde_json::from_str(text)?;
        let data = frame.data.map_or("null", RawValue::get);
        match (frame.kind, frame.id) {
            ("Subscription", _) => {
                let known = events::NAMES.iter().position(|name| *name == frame.event);
                let Some(name) = known else {
                    return Ok(Incoming::Other);
                };
                let data = match name {
                    0 => Data::Move(serde_json::from_str(data)?),
                    1 => Data::State(serde_json::from_str(data)?),
                    2 => Data::Item(serde_json::from_str(data)?),
                    3 => Data::Log(serde_json::from_str(data)?),
                    _ => Data::Presence(serde_json::from_str(data)?),
                };
                let time = frame.time.to_owned();
                Ok(Incoming::Event(Event { name, time, data }))
            }
            ("CommandResult", Some(id)) => Ok(Incoming::Reply(id, serde_json::from_str(data)?)),
            _ => Ok(Incoming::Other),
        }
    }
}

async fn command(client: &Client, text: String) {
    let reply = client.request(text).await;
    assert!(reply.exception.is_none() && reply.result_string.is_some());
}

async fn subscribe(client: &Client, names: &[&str]) {
    for name in names {
        command(client, format!("websocket subscribe {name}")).await;
    }
}

/// Counts events by their names.
async fn read(events: &mut mpsc::Receiver<Event>, count: usize) {
    let mut counts = [0_usize; events::NAMES.len()];
    for _ in 0..count {
        let event = events.recv().await.unwrap();
        counts[event.name] += 1;
        black_box(event);
    }
    assert_eq!(counts.iter().sum::<usize>(), count);
}

pub(super) async fn flood(job: &Job, names: &[&str]) -> Values {
    let (client, mut reader) = Client::open(job, None).await;
    subscribe(&client, names).await;
    let mut rate = Values::new();
    for count in [job.warm_up(), job.count] {
        let watch = Watch::start();
        for part in parts(count) {
            let command = command(&client, format!("flood {part}"));
            tokio::join!(command, read(&mut reader, part));
        }
        rate = watch.rate(count);
    }
    rate
}

pub(super) async fn round_trip(job: &Job) -> Values {
    let (client, _reader) = Client::open(job, Some(COMMAND_BUFFER)).await;
    for _ in 0..job.warm_up() {
        command(&client, COMMAND.to_owned()).await;
    }
    let mut times: Vec<Duration> = Vec::with_capacity(job.count);
    for _ in 0..job.count {
        let begin = Instant::now();
        command(&client, COMMAND.to_owned()).await;
        times.push(begin.elapsed());
    }
    percentiles(times)
}

pub(super) async fn pipelined(job: &Job) -> Values {
    let (client, _reader) = Client::open(job, Some(COMMAND_BUFFER)).await;
    in_flight(&client, job.warm_up(), job.window).await;
    let watch = Watch::start();
    in_flight(&client, job.count, job.window).await;
    watch.rate(job.count)
}

/// Keeps `window` commands in flight, with a task each.
async fn in_flight(client: &Client, count: usize, window: usize) {
    let mut tasks = JoinSet::new();
    for task in 0..window {
        let client = client.clone();
        tasks.spawn(async move {
            for _ in (task..count).step_by(window) {
                command(&client, COMMAND.to_owned()).await;
            }
        });
    }
    tasks.join_all().await;
}

pub(super) async fn idle(job: &Job, heap: Heap) -> Values {
    // The first client allocates the shared memory, and loads the pages of the program.
    drop(open_idle(job).await);
    let before = heap.now();
    let mut clients = Vec::with_capacity(job.count);
    for _ in 0..job.count {
        clients.push(open_idle(job).await);
    }
    tokio::time::sleep(SETTLE).await;
    let mut values = heap.growth(before, job.count);
    let cpu = cost_of_idling(job.count, job.lasting()).await;
    values.insert("cpu".to_owned(), cpu);
    assert!(clients.iter().all(|(client, _)| client.is_open()));
    values
}

/// Opens a client, which gets the large reply of the job, if there is one.
async fn open_idle(job: &Job) -> (Client, mpsc::Receiver<Event>) {
    let (client, reader) = Client::open(job, Some(SMALL_BUFFER)).await;
    if job.bytes > 0 {
        command(&client, format!("large {}", job.bytes)).await;
    }
    (client, reader)
}

/// The bad connection of a control. It reads every event, and runs until the process is ended.
pub(super) async fn bad_peer(job: &Job) -> Values {
    let (client, mut reader) = Client::open(job, Some(SMALL_BUFFER)).await;
    tokio::spawn(async move { while reader.recv().await.is_some() {} });
    subscribe(&client, &events::NAMES[..1]).await;
    match job.part.as_str() {
        "bad_peer_slow" => command(&client, bad_peer::SLOW.to_owned()).await,
        "bad_peer_stopped" => {
            command(&client, format!("flood {}", bad_peer::UNREAD)).await;
            command(&client, bad_peer::STEADY.to_owned()).await;
        }
        _ => {
            command(&client, "deaf".to_owned()).await;
            for _ in 0..bad_peer::PENDING {
                let client = client.clone();
                tokio::spawn(async move { client.request("a".repeat(bad_peer::LONG)).await });
            }
        }
    }
    println!("ready");
    std::future::pending().await
}

pub(super) async fn paced(job: &Job) -> Values {
    let events = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for _ in 0..job.count {
        let (client, mut reader) = Client::open(job, Some(SMALL_BUFFER)).await;
        subscribe(&client, &events::NAMES[..1]).await;
        let events = Arc::clone(&events);
        tokio::spawn(async move {
            while let Some(event) = reader.recv().await {
                black_box(event);
                events.fetch_add(1, Ordering::Relaxed);
            }
        });
        clients.push(client);
    }
    command(&clients[0], pace(job)).await;
    cost_of(&events, job.lasting()).await
}

/// Requests the players at the interval, and calls `show` with each list.
async fn poll(
    job: &Job,
    asked: Arc<AtomicU64>,
    mut show: impl FnMut(Vec<Detailed>) + Send + 'static,
) {
    let (client, _reader) = Client::open(job, Some(COMMAND_BUFFER)).await;
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(snapshots::INTERVAL);
        loop {
            ticks.tick().await;
            asked.fetch_add(1, Ordering::Relaxed);
            let reply = client.request("player list-detailed".to_owned()).await;
            let list = serde_json::from_str(reply.result.unwrap().get());
            show(list.unwrap());
        }
    });
}

pub(super) async fn snapshots(job: &Job) -> Values {
    let (read, asked) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (newest, reader) = watch::channel(Arc::new(Vec::<Detailed>::new()));
    for _ in 0..job.count {
        let (read, mut reader) = (Arc::clone(&read), reader.clone());
        tokio::spawn(async move {
            while reader.changed().await.is_ok() {
                let players = Arc::clone(&reader.borrow_and_update());
                black_box(players.iter().filter_map(|it| it.position).count());
                read.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let show = move |list| {
        newest.send_replace(Arc::new(list));
    };
    poll(job, Arc::clone(&asked), show).await;
    snapshots::cost(job, || asked.load(Ordering::Relaxed), &read).await
}

/// Each list is compared with each sphere at once, without tasks or channels.
pub(super) async fn derived(job: &Job) -> Values {
    let (read, asked) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut inside = vec![HashSet::new(); job.count];
    let transitions = Arc::clone(&read);
    let show = move |list: Vec<Detailed>| {
        for (number, inside) in inside.iter_mut().enumerate() {
            let center = snapshots::center(number);
            for player in &list {
                let Some(at) = player.position else { continue };
                let axes = at
                    .iter()
                    .zip(center)
                    .map(|(at, center)| (at - center).powi(2));
                let is_inside = axes.sum::<f64>() <= snapshots::RADIUS.powi(2);
                let has_changed = if is_inside {
                    inside.insert(player.id)
                } else {
                    inside.remove(&player.id)
                };
                transitions.fetch_add(u64::from(has_changed), Ordering::Relaxed);
            }
        }
    };
    poll(job, Arc::clone(&asked), show).await;
    snapshots::cost(job, || asked.load(Ordering::Relaxed), &read).await
}
