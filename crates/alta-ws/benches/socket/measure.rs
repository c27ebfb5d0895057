//! Clocks, percentiles, and how figures are shown.

use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The CPU time this process has used.
pub(crate) fn cpu() -> Duration {
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

/// The CPU time since an earlier reading.
pub(crate) fn cpu_since(earlier: Duration) -> f64 {
    cpu().saturating_sub(earlier).as_secs_f64()
}

/// CPU-seconds per million of the events counted, over most of the time that they come.
pub(crate) async fn cost_of(events: &AtomicU64, lasting: Duration) -> f64 {
    tokio::time::sleep(lasting / 4).await;
    let (before, cpu) = (events.load(Ordering::Relaxed), cpu());
    tokio::time::sleep(lasting / 2).await;
    let counted = events.load(Ordering::Relaxed) - before;
    cpu_since(cpu) * 1e6 / counted as f64
}

/// Waits until the server has come to the end of what it was to send, so that the next run begins with none of it.
pub(crate) async fn rest(lasting: Duration) {
    tokio::time::sleep(lasting / 2).await;
}

/// One measured value beside the yardstick's.
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    yardstick: f64,
    unit: &'static str,
    higher_is_better: bool,
}

impl Figure {
    pub(crate) fn higher_is_better(
        name: &'static str,
        value: f64,
        yardstick: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            name,
            value,
            yardstick,
            unit,
            higher_is_better: true,
        }
    }

    pub(crate) fn lower_is_better(
        name: &'static str,
        value: f64,
        yardstick: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            name,
            value,
            yardstick,
            unit,
            higher_is_better: false,
        }
    }
}

pub(crate) struct Reporter {
    json: bool,
}

impl Reporter {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn figure(&self, figure: &Figure) {
        let Figure {
            name,
            value,
            yardstick,
            unit,
            higher_is_better,
        } = figure;
        let ratio = value / yardstick;
        if self.json {
            println!(
                "{}",
                json!({"name": name, "value": value, "unit": unit, "yardstick": yardstick, "ratio": ratio})
            );
        } else {
            let better = if *higher_is_better { "higher" } else { "lower" };
            println!(
                "{name:<24} {value:>12.2}  yardstick {yardstick:>12.2}  ratio {ratio:>5.2}  {unit} ({better} is better)"
            );
        }
    }
}
