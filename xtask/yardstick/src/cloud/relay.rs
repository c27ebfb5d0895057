//! The relay: a command and its reply, events, and the memory of idle connections. The yardstick is the same client on the real
//! console.

use super::Run;
use super::http::Http;
use super::service::{CONSOLE_TOKEN, SERVER, Service};
use super::socket::Socket;
use crate::Values;
use crate::clocks::{percentiles, values};
use crate::figures::{Better, Spread};
use crate::plain::COMMAND_BUFFER;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The commands of one round trip measurement, on each side.
const COMMANDS: usize = 5_000;

/// The events of one flood.
const EVENTS: usize = 300_000;

/// The numbers of clients that get a flood.
const CLIENTS: [usize; 2] = [1, 8];

/// The read buffer of a client that gets events.
const LARGE_BUFFER: usize = 128 << 10;

/// The idle connections of the memory measurement.
const IDLE: usize = 500;

/// Opens a console: the real one, or through the relay.
struct Door<'a> {
    address: &'a str,
    token: String,
}

impl Door<'_> {
    async fn open(&self, read_buffer: usize) -> Socket {
        Socket::console(self.address, &self.token, read_buffer).await
    }
}

/// Both doors to the console: through the relay, and the real one.
async fn doors<'a>(service: &'a Service, console: &'a str, token: &str) -> [Door<'a>; 2] {
    let mut http = Http::open(&service.rest).await;
    let relay = Door {
        address: &service.consoles,
        token: http.console_token(token, SERVER).await,
    };
    let direct = Door {
        address: console,
        token: CONSOLE_TOKEN.to_owned(),
    };
    [relay, direct]
}

/// The time of a command, from sending it to its reply, through the relay and direct in turn.
pub(super) async fn latency(run: &Run<'_>, service: &Service, token: &str) {
    let console = service.console();
    let doors = doors(service, &console, token).await;
    let (mut both, mut added) = ([Spread::default(), Spread::default()], Spread::default());
    for _ in 0..run.rounds() {
        let mut sockets = Vec::new();
        for door in &doors {
            sockets.push(door.open(COMMAND_BUFFER).await);
        }
        let mut times = [Vec::new(), Vec::new()];
        let warm_up = run.count(COMMANDS) / 10;
        for id in 1..=run.count(COMMANDS) + warm_up {
            for (socket, times) in sockets.iter_mut().zip(&mut times) {
                let begin = Instant::now();
                socket.command(id, "player message 1 hello 3").await;
                if id > warm_up {
                    times.push(begin.elapsed());
                }
            }
        }
        let [relay, direct] = times.map(percentiles);
        let more = |of: &str| relay[of] - direct[of];
        added.push(values([("p50", more("p50")), ("p99", more("p99"))]));
        for (spread, values) in both.iter_mut().zip([relay, direct]) {
            spread.push(values);
        }
    }
    for of in ["p50", "p99"] {
        let unit = format!("µs ({of})");
        let [relay, direct] = &both;
        let name = format!("cloud_relay_trip_{of}");
        run.figures
            .print_spread(&name, relay, of, Some(direct), &unit, Better::Lower);
        let unit = format!("µs more than direct ({of})");
        let name = format!("cloud_relay_added_{of}");
        run.figures
            .print_spread(&name, &added, of, None, &unit, Better::Lower);
    }
}

/// Events to some clients at once, as fast as they go.
pub(super) async fn events(run: &Run<'_>, service: &Service, token: &str) {
    let console = service.console();
    let doors = doors(service, &console, token).await;
    for clients in CLIENTS {
        let mut both = [Spread::default(), Spread::default()];
        for _ in 0..run.rounds() {
            for (door, spread) in doors.iter().zip(&mut both) {
                spread.push(flood(service, door, clients, run.count(EVENTS) / clients).await);
            }
        }
        let [relay, direct] = &both;
        let name = format!("cloud_relay_events_{clients}");
        run.figures.print_spread(
            &format!("{name}_rate"),
            relay,
            "rate",
            Some(direct),
            "events/s",
            Better::Higher,
        );
        let unit = "µs of the service's CPU an event";
        let name = format!("{name}_cpu");
        run.figures
            .print_spread(&name, relay, "cpu", None, unit, Better::Lower);
    }
}

async fn flood(service: &Service, door: &Door<'_>, clients: usize, events: usize) -> Values {
    let mut sockets = Vec::new();
    for _ in 0..clients {
        let mut socket = door.open(LARGE_BUFFER).await;
        socket
            .command(1, "websocket subscribe PlayerMovedChunk")
            .await;
        sockets.push(socket);
    }
    let (cpu, begin) = (service.cpu(), Instant::now());
    let mut tasks = JoinSet::new();
    for mut socket in sockets {
        tasks.spawn(async move { socket.command(2, &format!("flood {events}")).await });
    }
    let received: usize = tasks.join_all().await.into_iter().sum();
    let seconds = begin.elapsed().as_secs_f64();
    let cpu = service.cpu().saturating_sub(cpu).as_secs_f64();
    assert_eq!(received, clients * events);
    let received = received as f64;
    values([("rate", received / seconds), ("cpu", cpu * 1e6 / received)])
}

/// The memory of the service for each idle connection. Returns the connections: while they are open, later parts cannot reuse
/// their memory.
pub(super) async fn memory(run: &Run<'_>, service: &Service, token: &str) -> Vec<Socket> {
    let console = service.console();
    let [relay, _] = doors(service, &console, token).await;
    let count = run.count(IDLE);
    let mut spread = Spread::default();
    // The first connections also allocate what all share.
    let mut sockets = vec![relay.open(COMMAND_BUFFER).await];
    let before = service.resident();
    for _ in 0..count {
        sockets.push(relay.open(COMMAND_BUFFER).await);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let growth = (service.resident() - before) / count as f64;
    spread.push(values([("rss", growth)]));
    let unit = "KiB an idle client of the relay";
    run.figures
        .print_spread("cloud_relay_rss", &spread, "rss", None, unit, Better::Lower);
    sockets
}
