//! A burst of events at full speed into a stream with the default queue.

use crate::common::server::{SUCCESS, WELCOME, reply};
use crate::common::within;
use att_console::{AnyEvent, Config, Console, ConsoleAccess, Missed, Subscription};
use std::io::Write as _;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::tungstenite::{Message, accept};

const NAMES: [&str; 5] = [
    "PlayerMovedChunk",
    "PlayerStateChanged",
    "InventoryChanged",
    "PlayerJoined",
    "TraceLog",
];

/// A busy machine takes half a minute.
const FLOOD_WITHIN: Duration = Duration::from_secs(300);

/// The number of repetitions of the cycle of 20 events.
const CYCLES: usize = 10_000;

/// Twenty events in the shares of a busy server, as websocket frames.
fn cycle() -> Vec<u8> {
    let user = r#"{"id":1200000001,"username":"Ashwick"}"#;
    let save = "3405691582,".repeat(60);
    let data = [
        format!(r#"{{"player":{user},"oldChunk":"Chunk 18-33","newChunk":"Chunk 18-34"}}"#),
        format!(r#"{{"user":{user},"state":"Combat","isEnter":true}}"#),
        format!(r#"{{"User":{user},"ItemName":"Iron Sword","Quantity":1,"SaveString":"{save}"}}"#),
        format!(r#"{{"user":{user},"mode":"OpenVR","position":[1.5,2.25,-3.0]}}"#),
        r#"{"message":"\"Ashwick\" entered chunk 612\nnext update in 0.25s","logger":"Chunks"}"#
            .to_owned(),
    ];
    let mut frames = Vec::new();
    for (index, count) in [12, 4, 2, 1, 1].into_iter().enumerate() {
        let (name, data) = (NAMES[index], &data[index]);
        let text = format!(
            r#"{{"type":"Subscription","timeStamp":"2026-11-28T10:00:01.5Z","eventType":"{name}","data":{data}}}"#
        );
        for _ in 0..count {
            frames.push(0x81);
            if let Ok(length @ 0..126) = u8::try_from(text.len()) {
                frames.push(length);
            } else {
                frames.push(126);
                frames.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            }
            frames.extend(text.as_bytes());
        }
    }
    frames
}

/// Starts a server in a thread of its own, for one connection. It replies to every command; before the reply to `flood` it
/// writes the events as fast as the socket takes them.
fn server() -> ConsoleAccess {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut socket = accept(listener.accept().unwrap().0).unwrap();
        socket.read().unwrap();
        socket.send(Message::text(WELCOME)).unwrap();
        let events = cycle().repeat(100);
        while let Ok(Message::Text(text)) = socket.read() {
            if text.contains("flood") {
                for _ in 0..CYCLES / 100 {
                    socket.get_mut().write_all(&events).unwrap();
                }
            }
            let request: serde_json::Value = serde_json::from_str(&text).unwrap();
            let id = u32::try_from(request["id"].as_u64().unwrap()).unwrap();
            socket.send(Message::text(reply(id, SUCCESS))).unwrap();
        }
    });
    ConsoleAccess::new(url.parse().unwrap(), "a token")
}

/// Reads all events of a flood. Returns the number of those that the queue dropped.
async fn lost(mut events: Subscription<AnyEvent>) -> u64 {
    let (mut read, mut lost) = (0, 0);
    while read + lost < 20 * CYCLES as u64 {
        match within(events.next()).await.unwrap() {
            Ok(_) => read += 1,
            Err(Missed::Lagged(count)) => lost += count,
            Err(missed) => panic!("{missed}"),
        }
    }
    lost
}

async fn open() -> (Console, Subscription<AnyEvent>) {
    let console = Console::open_with(server(), Config::default());
    within(console.ready()).await.unwrap();
    let events = within(console.subscribe_to_any(NAMES)).await.unwrap();
    (console, events)
}

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.enable_all().build().unwrap())
}

#[test]
fn a_burst_loses_no_event_of_a_stream_on_the_same_runtime() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let (console, events) = open().await;
            let reading = tokio::spawn(lost(events));
            console
                .command("flood")
                .timeout(FLOOD_WITHIN)
                .await
                .unwrap();
            assert_eq!(reading.await.unwrap(), 0);
        });
    }
}

#[test]
fn a_burst_loses_no_event_of_a_stream_that_another_thread_reads() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let (console, events) = open().await;
            let reading = tokio::task::spawn_blocking(|| {
                let other = Builder::new_current_thread().enable_all().build();
                other.unwrap().block_on(lost(events))
            });
            console
                .command("flood")
                .timeout(FLOOD_WITHIN)
                .await
                .unwrap();
            assert_eq!(reading.await.unwrap(), 0);
        });
    }
}
