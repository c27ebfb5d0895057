use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The CPU time this process has used, all its threads together.
pub fn cpu() -> Duration {
    let ticks: u64 = std::fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|stat| {
            // The name in parentheses may hold spaces; the numbers follow it.
            let numbers: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            Some(numbers.get(11)?.parse::<u64>().ok()? + numbers.get(12)?.parse::<u64>().ok()?)
        })
        .unwrap_or_default();
    // Linux shows these in hundredths of a second on every architecture we run on.
    Duration::from_millis(ticks * 10)
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

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
