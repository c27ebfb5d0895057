//! What a typed call costs beside the same exchange by hyper-util alone, in the same run.
//!
//! `cargo xtask bench rest` runs it. The server is another process, so that CPU and allocations counted are the client's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that measures, stops at the first surprise, and prints figures"
)]

mod bare;
mod ours;
mod server;

use std::time::{Duration, Instant};

use yardstick::{Bench, Figure, ServerProcess};

const CALLS: usize = 1_000;
/// The machine's noise is larger than what is measured: the best of several runs, by turns.
const RUNS: usize = 9;
/// How many calls may be under way at once, of both: the library's default.
const AT_ONCE: usize = alta_http::Config::MAX_IN_FLIGHT;

/// What a run took, for each call.
#[derive(Clone, Copy)]
struct Cost {
    micros: f64,
    cpu_micros: f64,
    allocations: f64,
    bytes: f64,
}

impl Cost {
    const WORST: Self = Self {
        micros: f64::MAX,
        cpu_micros: f64::MAX,
        allocations: f64::MAX,
        bytes: f64::MAX,
    };

    fn best(self, other: Self) -> Self {
        Self {
            micros: self.micros.min(other.micros),
            cpu_micros: self.cpu_micros.min(other.cpu_micros),
            allocations: self.allocations.min(other.allocations),
            bytes: self.bytes.min(other.bytes),
        }
    }
}

fn main() {
    let Some(bench) = Bench::start(server::run) else {
        return;
    };
    let (calls, runs) = if bench.quick { (50, 1) } else { (CALLS, RUNS) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = ServerProcess::start();
    let base = &format!("http://{}/api", server.address);
    runtime.block_on(async {
        let (ours, bare) = (ours::Ours::new(base), bare::Bare::new(base));
        if bench.wants("sequential") {
            let costs = by_turns(
                runs,
                calls,
                async || {
                    for _ in 0..calls {
                        ours.call().await;
                    }
                },
                async || {
                    for _ in 0..calls {
                        bare.call().await;
                    }
                },
            )
            .await;
            report("sequential", costs, &bench);
        }
        if bench.wants("concurrent") {
            let costs = by_turns(
                runs,
                calls,
                async || ours.all_at_once(calls).await,
                async || bare.all_at_once(calls, AT_ONCE).await,
            )
            .await;
            report("concurrent", costs, &bench);
        }
    });
}

async fn by_turns(
    runs: usize,
    calls: usize,
    ours: impl AsyncFn(),
    bare: impl AsyncFn(),
) -> [Cost; 2] {
    let mut best = [Cost::WORST; 2];
    // The first turn opens the connections and warms what is to be warm.
    ours().await;
    bare().await;
    for _ in 0..runs {
        best[0] = best[0].best(measure(calls, &ours).await);
        best[1] = best[1].best(measure(calls, &bare).await);
    }
    best
}

async fn measure(calls: usize, run: &impl AsyncFn()) -> Cost {
    let (before, cpu, start) = (yardstick::allocated(), cpu(), Instant::now());
    run().await;
    let (took, cpu) = (start.elapsed(), self::cpu().saturating_sub(cpu));
    let after = yardstick::allocated();
    let each = |total: f64| total / calls as f64;
    Cost {
        micros: each(took.as_secs_f64() * 1e6),
        cpu_micros: each(cpu.as_secs_f64() * 1e6),
        allocations: each(after.0 - before.0),
        bytes: each(after.1 - before.1),
    }
}

fn report(name: &str, [ours, bare]: [Cost; 2], bench: &Bench) {
    for (what, unit, value, yardstick) in [
        ("time", "µs a call", ours.micros, bare.micros),
        ("cpu", "µs a call", ours.cpu_micros, bare.cpu_micros),
        ("allocations", "a call", ours.allocations, bare.allocations),
        ("allocated", "bytes a call", ours.bytes, bare.bytes),
    ] {
        let name = format!("{name}_{what}");
        bench.figure(&Figure::lower_is_better(&name, value, yardstick, unit));
    }
}

/// The CPU time this process has used, on its one thread and those that it has beside.
fn cpu() -> Duration {
    let nanos = std::fs::read_to_string("/proc/self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}
