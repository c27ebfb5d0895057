//! How fast the main socket is, beside a plain client that does the same by hand, in the same run.
//!
//! `cargo bench -p alta-ws --bench socket` runs it; `--quick`, `--json` and `--only NAME` follow a `--`. The server is
//! another process, so that the CPU counted is the client's.

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
const EVENTS: usize = 300_000;
/// Events in one go.
const ROUND: usize = 5_000;
/// What one process is to hold.
const SUBSCRIPTIONS: usize = 10_000;
const FEW: usize = 10;
/// Events a second in all, however many subscriptions they are for.
const RATE: u64 = 20_000;
const SCALING_FOR: Duration = Duration::from_millis(1_500);
/// How often each is measured: of so many, some meet no other work.
const TURNS: usize = 7;

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
    let (events_count, many, lasting) = if bench.quick {
        (EVENTS / 100, SUBSCRIPTIONS / 10, SCALING_FOR / 3)
    } else {
        (EVENTS, SUBSCRIPTIONS, SCALING_FOR)
    };

    if bench.wants("events") {
        runtime.block_on(events(&server, &bench, events_count));
    }
    if bench.wants("hold") {
        runtime.block_on(hold(&server, &bench, many));
    }
    if bench.wants("scaling") {
        runtime.block_on(scaling(&server, &bench, many, lasting));
    }
}

/// Events to a typed stream: rate and CPU, the better of three runs each, taken by turns.
async fn events(server: &ServerProcess, bench: &Bench, count: usize) {
    let (each, rounds) = (ROUND.min(count) / FEW, count.div_ceil(ROUND));
    let count = FEW * each * rounds;
    let mut best = [(0.0_f64, f64::MAX); 2];
    for _ in 0..3 {
        for (who, best) in best.iter_mut().enumerate() {
            let cpu = yardstick::cpu();
            let took = match who {
                0 => ours::events(server, FEW, each, rounds).await,
                _ => plain::events(server, FEW, each, rounds).await,
            };
            let cpu = yardstick::cpu_since(cpu) * 1e6 / count as f64;
            best.0 = best.0.max(count as f64 / took.as_secs_f64());
            best.1 = best.1.min(cpu);
        }
    }
    let [ours, plain] = best;
    let rate = Figure::higher_is_better("socket_events", ours.0, plain.0, "events/s");
    bench.figure(&rate);
    let unit = "CPU-s per million events";
    let cpu = Figure::lower_is_better("socket_cpu", ours.1, plain.1, unit);
    bench.figure(&cpu);
}

async fn hold(server: &ServerProcess, bench: &Bench, count: usize) {
    let ours = ours::hold(server, count).await;
    let plain = plain::hold(server, count).await;
    let seconds = |time: Duration| time.as_secs_f64();
    bench.figure(&Figure::lower_is_better(
        "socket_hold_time",
        seconds(ours.0),
        seconds(plain.0),
        "s until all are held",
    ));
    bench.figure(&Figure::lower_is_better(
        "socket_hold_heap",
        ours.1,
        plain.1,
        "KiB per subscription",
    ));
}

/// CPU per event with many subscriptions, beside what one costs with few, taken by turns. The yardstick is how
/// the plain client's cost grows, since more sockets are more work for the system.
async fn scaling(server: &ServerProcess, bench: &Bench, many: usize, lasting: Duration) {
    let mut costs: [[Vec<f64>; 2]; 2] = Default::default();
    let turns = if bench.quick { 1 } else { TURNS };
    for _ in 0..turns {
        for (at, count) in [FEW, many].into_iter().enumerate() {
            let [ours, plain] = &mut costs;
            ours[at].push(ours::paced(server, count, RATE, lasting).await);
            plain[at].push(plain::paced(server, count, RATE, lasting).await);
        }
    }
    let [ours, plain] = costs.map(|[few, many]| yardstick::calm(many) / yardstick::calm(few));
    bench.figure(&Figure::lower_is_better(
        "socket_scaling",
        ours,
        plain,
        "× the CPU of 10 subscriptions",
    ));
}
