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

mod measure;
mod ours;
mod plain;
mod server;

use measure::{Figure, Reporter};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Enough for seconds of work, and for the caches to be warm in all but the first instants.
const EVENTS: u64 = 1_000_000;
const ROUND_TRIPS: usize = 20_000;
const PIPELINED: usize = 200_000;
const IDLE: usize = 200;
/// Events a second in all, however many consoles they come over.
const RATE: u64 = 20_000;
const SCALING_FOR: Duration = Duration::from_secs(8);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .first()
        .is_some_and(|first| first == server::ARGUMENT)
    {
        server::run();
        return;
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // `cargo test --benches` runs this program, too: then it only shows that it works.
    let quick = !has("--bench") || has("--quick");
    let only = arguments
        .iter()
        .position(|argument| argument == "--only")
        .and_then(|at| arguments.get(at + 1));
    let reporter = Reporter::new(has("--json"));
    let scale = |count: u64| if quick { count / 100 } else { count };
    let scale_usize = |count: usize| if quick { count / 100 } else { count };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let server = server::start();
    let wants = |name: &str| only.is_none_or(|only| only == name);

    if wants("events") {
        runtime.block_on(events(&server, &reporter, scale(EVENTS)));
    }
    if wants("round_trip") {
        runtime.block_on(round_trip(&server, &reporter, scale_usize(ROUND_TRIPS)));
    }
    if wants("pipelined") {
        runtime.block_on(pipelined(&server, &reporter, scale_usize(PIPELINED)));
    }
    if wants("idle") {
        runtime.block_on(idle(&server, &reporter, scale_usize(IDLE).max(10)));
    }
    if wants("scaling") {
        let (many, lasting) = if quick {
            (20, SCALING_FOR / 8)
        } else {
            (1_000, SCALING_FOR)
        };
        runtime.block_on(scaling(&server, &reporter, many, lasting));
    }
}

/// Events to a typed subscriber: rate and CPU, the better of three runs each, taken by turns.
async fn events(server: &server::Server, reporter: &Reporter, count: u64) {
    let mut best = [(0.0_f64, f64::MAX); 2];
    for _ in 0..3 {
        for (who, best) in best.iter_mut().enumerate() {
            let cpu = measure::cpu();
            let took = match who {
                0 => ours::events(server, count).await,
                _ => plain::events(server, count).await,
            };
            let cpu = measure::cpu_since(cpu) * 1e6 / count as f64;
            best.0 = best.0.max(count as f64 / took.as_secs_f64());
            best.1 = best.1.min(cpu);
        }
    }
    let [ours, plain] = best;
    reporter.figure(&Figure::higher_is_better(
        "console_events",
        ours.0,
        plain.0,
        "events/s",
    ));
    reporter.figure(&Figure::lower_is_better(
        "console_cpu",
        ours.1,
        plain.1,
        "CPU-s per million events",
    ));
}

async fn round_trip(server: &server::Server, reporter: &Reporter, count: usize) {
    let mut ours = Vec::new();
    let mut plain = Vec::new();
    for _ in 0..3 {
        ours.extend(ours::round_trips(server, count / 3).await);
        plain.extend(plain::round_trips(server, count / 3).await);
    }
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (ours50, ours99) = measure::percentiles(ours);
    let (plain50, plain99) = measure::percentiles(plain);
    reporter.figure(&Figure::lower_is_better(
        "console_round_trip",
        micros(ours50),
        micros(plain50),
        "µs (p50)",
    ));
    reporter.figure(&Figure::lower_is_better(
        "console_round_trip_p99",
        micros(ours99),
        micros(plain99),
        "µs (p99)",
    ));
}

async fn pipelined(server: &server::Server, reporter: &Reporter, count: usize) {
    let mut best = [0.0_f64; 2];
    for _ in 0..3 {
        let rate = |took: Duration| count as f64 / took.as_secs_f64();
        best[0] = best[0].max(rate(ours::pipelined(server, count).await));
        best[1] = best[1].max(rate(plain::pipelined(server, count).await));
    }
    reporter.figure(&Figure::higher_is_better(
        "console_pipelined",
        best[0],
        best[1],
        "commands/s",
    ));
}

async fn idle(server: &server::Server, reporter: &Reporter, count: usize) {
    let ours = ours::idle_heap(server, count).await;
    let plain = plain::idle_heap(server, count).await;
    reporter.figure(&Figure::lower_is_better(
        "console_idle_heap",
        ours,
        plain,
        "KiB per console",
    ));
}

/// CPU for the same events over many connections, beside what they cost over ten; the yardstick is how the plain
/// client's cost grows, since most of it is the system's.
async fn scaling(server: &server::Server, reporter: &Reporter, many: u64, lasting: Duration) {
    let ours = ours::paced(server, many, RATE, lasting).await
        / ours::paced(server, 10, RATE, lasting).await;
    let plain = plain::paced(server, many, RATE, lasting).await
        / plain::paced(server, 10, RATE, lasting).await;
    reporter.figure(&Figure::lower_is_better(
        "console_scaling",
        ours,
        plain,
        "× the CPU of 10 consoles",
    ));
}
