//! How fast consoles are, beside a plain client that does the same by hand, in the same run.
//!
//! `cargo xtask bench console` runs it. The server is another process, so that the CPU counted is the client's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that measures, stops at the first surprise, and prints figures"
)]

mod ours;
mod plain;
mod server;

use std::time::Duration;
use yardstick::{Bench, Figure, ServerProcess};

/// Enough for seconds of work, and for the caches to be warm in all but the first instants.
const EVENTS: u64 = 1_000_000;
const ROUND_TRIPS: usize = 60_000;
/// On a new connection each time: on which cores its two tasks find themselves is chance, and matters.
const CONNECTIONS: usize = 40;
const PIPELINED: usize = 200_000;
const IDLE: usize = 200;
/// Events a second in all, however many consoles they come over.
const RATE: u64 = 20_000;
const FEW: u64 = 10;
const SCALING_FOR: Duration = Duration::from_millis(1_500);
/// How often each is measured: of so many, some meet no other work.
const TURNS: usize = 15;

fn main() {
    let Some(bench) = Bench::start(server::run) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let server = ServerProcess::start();
    let scale = |count: u64| if bench.quick { count / 100 } else { count };
    let scale_usize = |count: usize| if bench.quick { count / 100 } else { count };

    if bench.wants("events") {
        runtime.block_on(events(&server, &bench, scale(EVENTS)));
    }
    if bench.wants("round_trip") {
        runtime.block_on(round_trip(&server, &bench, scale_usize(ROUND_TRIPS)));
    }
    if bench.wants("pipelined") {
        runtime.block_on(pipelined(&server, &bench, scale_usize(PIPELINED)));
    }
    if bench.wants("idle") {
        runtime.block_on(idle(&server, &bench, scale_usize(IDLE).max(10)));
    }
    if bench.wants("scaling") {
        let (many, lasting) = if bench.quick {
            (20, SCALING_FOR / 3)
        } else {
            (1_000, SCALING_FOR)
        };
        runtime.block_on(scaling(&server, &bench, many, lasting));
    }
}

/// Events to a typed subscriber: rate and CPU, the better of three runs each, taken by turns.
async fn events(server: &ServerProcess, bench: &Bench, count: u64) {
    let mut best = [(0.0_f64, f64::MAX); 2];
    for _ in 0..3 {
        for (who, best) in best.iter_mut().enumerate() {
            let cpu = yardstick::cpu();
            let took = match who {
                0 => ours::events(server, count).await,
                _ => plain::events(server, count).await,
            };
            let cpu = yardstick::cpu_since(cpu) * 1e6 / count as f64;
            best.0 = best.0.max(count as f64 / took.as_secs_f64());
            best.1 = best.1.min(cpu);
        }
    }
    let [ours, plain] = best;
    bench.figure(&Figure::higher_is_better(
        "console_events",
        ours.0,
        plain.0,
        "events/s",
    ));
    bench.figure(&Figure::lower_is_better(
        "console_cpu",
        ours.1,
        plain.1,
        "CPU-s per million events",
    ));
}

/// The time of each round trip, one after the other, by turns.
async fn round_trip(server: &ServerProcess, bench: &Bench, count: usize) {
    let mut ours = Vec::new();
    let mut plain = Vec::new();
    for _ in 0..CONNECTIONS {
        ours.extend(ours::round_trips(server, count / CONNECTIONS).await);
        plain.extend(plain::round_trips(server, count / CONNECTIONS).await);
    }
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (ours50, ours99) = yardstick::percentiles(ours);
    let (plain50, plain99) = yardstick::percentiles(plain);
    bench.figure(&Figure::lower_is_better(
        "console_round_trip",
        micros(ours50),
        micros(plain50),
        "µs (p50)",
    ));
    bench.figure(&Figure::lower_is_better(
        "console_round_trip_p99",
        micros(ours99),
        micros(plain99),
        "µs (p99)",
    ));
}

async fn pipelined(server: &ServerProcess, bench: &Bench, count: usize) {
    let mut best = [0.0_f64; 2];
    for _ in 0..3 {
        let rate = |took: Duration| count as f64 / took.as_secs_f64();
        best[0] = best[0].max(rate(ours::pipelined(server, count).await));
        best[1] = best[1].max(rate(plain::pipelined(server, count).await));
    }
    bench.figure(&Figure::higher_is_better(
        "console_pipelined",
        best[0],
        best[1],
        "commands/s",
    ));
}

async fn idle(server: &ServerProcess, bench: &Bench, count: usize) {
    let ours = ours::idle_heap(server, count).await;
    let plain = plain::idle_heap(server, count).await;
    bench.figure(&Figure::lower_is_better(
        "console_idle_heap",
        ours,
        plain,
        "KiB per console",
    ));
}

/// CPU for the same events over many connections, by what they cost over ten, taken by turns. The yardstick is how the
/// plain client's cost grows, since most of it is the system's.
async fn scaling(server: &ServerProcess, bench: &Bench, many: u64, lasting: Duration) {
    let mut costs: [[Vec<f64>; 2]; 2] = Default::default();
    let turns = if bench.quick { 1 } else { TURNS };
    for _ in 0..turns {
        for (at, consoles) in [FEW, many].into_iter().enumerate() {
            let [ours, plain] = &mut costs;
            ours[at].push(ours::paced(server, consoles, RATE, lasting).await);
            plain[at].push(plain::paced(server, consoles, RATE, lasting).await);
        }
    }
    let [ours, plain] = costs.map(|[few, many]| yardstick::calm(many) / yardstick::calm(few));
    bench.figure(&Figure::lower_is_better(
        "console_scaling",
        ours,
        plain,
        "× the CPU of 10 consoles",
    ));
}
