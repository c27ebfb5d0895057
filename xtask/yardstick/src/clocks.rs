//! Time, CPU time and memory of this process, or of another one.

use crate::{Allocator, Values};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// This process, as a process id.
const SELF: &str = "self";

/// The CPU time that the threads of this process have used, as Linux's scheduler counts it; zero elsewhere. Both readings of a
/// difference must find the same threads. (`stat` samples a hundred times a second: too seldom for a process that runs for
/// microseconds at a time.)
fn cpu() -> Duration {
    cpu_of(SELF)
}

/// The same of the process with this id.
pub(crate) fn cpu_of(process: &str) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let threads = threads.into_iter().flatten();
    let nanos = threads.filter_map(|thread| {
        let times = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        times.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// Resident memory in KiB, on Linux; zero elsewhere.
pub(crate) fn resident() -> f64 {
    resident_of(SELF)
}

/// The same of the process with this id.
pub(crate) fn resident_of(process: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.map(|line| line.trim().trim_end_matches("kB").trim());
    number.and_then(|kib| kib.parse().ok()).unwrap_or_default()
}

/// Runs from its creation.
pub(crate) struct Watch {
    begin: Instant,
    cpu: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        let cpu = cpu();
        let begin = Instant::now();
        Self { begin, cpu }
    }

    /// Seconds, and CPU seconds.
    pub(crate) fn stop(&self) -> (f64, f64) {
        let took = self.begin.elapsed();
        (
            took.as_secs_f64(),
            cpu().saturating_sub(self.cpu).as_secs_f64(),
        )
    }

    /// The rate of `count` events, and their CPU seconds a million.
    pub(crate) fn rate(&self, count: usize) -> Values {
        let (seconds, cpu) = self.stop();
        values([
            ("rate", count as f64 / seconds),
            ("cpu", cpu * 1e6 / count as f64),
        ])
    }
}

/// CPU microseconds a second for each of `count` idle connections; zero if they are not watched.
pub(crate) async fn cost_of_idling(count: usize, lasting: Duration) -> f64 {
    if lasting.is_zero() {
        return 0.0;
    }
    let watch = Watch::start();
    tokio::time::sleep(lasting).await;
    let (seconds, cpu) = watch.stop();
    cpu * 1e6 / seconds / count as f64
}

/// CPU seconds per million of the counted events, over half of the time that they come.
pub(crate) async fn cost_of(events: &AtomicU64, lasting: Duration) -> Values {
    tokio::time::sleep(lasting / 4).await;
    let (before, cpu_before) = (events.load(Ordering::Relaxed), cpu());
    tokio::time::sleep(lasting / 2).await;
    let counted = events.load(Ordering::Relaxed) - before;
    let used = cpu().saturating_sub(cpu_before).as_secs_f64();
    values([("cpu", used * 1e6 / counted as f64)])
}

/// The median and the 99th percentile in microseconds.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> Values {
    times.sort_unstable();
    let micros = |at: usize| times[at].as_secs_f64() * 1e6;
    values([
        ("p50", micros(times.len() / 2)),
        ("p99", micros(times.len() * 99 / 100)),
    ])
}

pub(crate) fn values<const N: usize>(named: [(&str, f64); N]) -> Values {
    named.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The heap, where the allocator counts.
#[derive(Clone, Copy)]
pub(crate) struct Heap(pub(crate) Option<Allocator>);

impl Heap {
    /// Bytes that are allocated now.
    fn held(self) -> f64 {
        self.0.map_or(0.0, |stats| {
            let stats = stats();
            stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
        })
    }

    /// Allocations until now, moved ones included, and their bytes.
    pub(crate) fn allocated(self) -> (f64, f64) {
        self.0.map_or((0.0, 0.0), |stats| {
            let stats = stats();
            let count = stats.allocations + stats.reallocations;
            (count as f64, stats.bytes_allocated as f64)
        })
    }

    /// Heap and resident memory now, in KiB.
    pub(crate) fn now(self) -> (f64, f64) {
        (self.held() / 1_024.0, resident())
    }

    /// The growth since an earlier reading, divided by `count`, in KiB.
    pub(crate) fn growth(self, earlier: (f64, f64), count: usize) -> Values {
        let (heap, resident) = self.now();
        values([
            ("heap", (heap - earlier.0) / count as f64),
            ("rss", (resident - earlier.1) / count as f64),
        ])
    }
}
