use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The CPU time that the threads of this process have used, as Linux's scheduler counts it; zero elsewhere. Both readings of a
/// difference must find the same threads. (What `stat` says is sampled a hundred times a second, which misjudges a process
/// that runs for microseconds at a time.)
pub fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let nanos = threads.filter_map(|thread| {
        let times = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        times.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// The CPU time since an earlier reading, in seconds.
pub fn cpu_since(earlier: Duration) -> f64 {
    cpu().saturating_sub(earlier).as_secs_f64()
}

/// CPU-seconds per million of the events counted, over most of the time that they come.
pub async fn cost_of(events: &AtomicU64, lasting: Duration) -> f64 {
    tokio::time::sleep(lasting / 4).await;
    let (before, cpu) = (events.load(Ordering::Relaxed), cpu());
    tokio::time::sleep(lasting / 2).await;
    let counted = events.load(Ordering::Relaxed) - before;
    cpu_since(cpu) * 1e6 / counted as f64
}

/// The median and the 99th percentile.
pub fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

/// The lower quartile: what a machine's other work does to a cost is to add to it, for seconds at a time, so that the lower
/// values are those of the work itself, and the least of all may be chance.
pub fn calm(mut costs: Vec<f64>) -> f64 {
    costs.sort_unstable_by(f64::total_cmp);
    costs[costs.len() / 4]
}
