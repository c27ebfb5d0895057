//! Snapshots of all players, five a second: for one reader and for many, and for streams of players who enter and leave spheres.

use crate::Values;
use crate::args::Job;
use crate::clocks::{Watch, values};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(super) const INTERVAL: Duration = Duration::from_millis(200);

/// The radius of a sphere, in meters.
pub(super) const RADIUS: f64 = 3.0;

/// The center of a sphere on the way of the players who walk.
pub(super) fn center(number: usize) -> [f64; 3] {
    [-870.5 + 2.0 * number as f64, 150.0, 98.0]
}

/// The first requests are not measured.
const WARM_UP: Duration = Duration::from_secs(2);

/// The requests a second, and the CPU microseconds a request.
pub(super) async fn cost(job: &Job, asked: impl Fn() -> u64, read: &AtomicU64) -> Values {
    tokio::time::sleep(WARM_UP).await;
    let (asked_before, read_before) = (asked(), read.load(Ordering::Relaxed));
    let watch = Watch::start();
    tokio::time::sleep(job.lasting()).await;
    let (seconds, cpu) = watch.stop();
    let asked = (asked() - asked_before) as f64;
    let read = (read.load(Ordering::Relaxed) - read_before) as f64;
    values([
        ("asked", asked / seconds),
        ("read", read / seconds / job.count as f64),
        ("cpu", cpu * 1e6 / asked),
    ])
}
