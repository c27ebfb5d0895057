//! Gauges, which are set once per second.

use std::future::Future;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// The interval at which gauges are set.
const EVERY: Duration = Duration::from_secs(1);

/// Awaits `work`, and calls `set` once per second meanwhile and once at the end.
///
/// # Cancel safety
///
/// As cancel safe as the work.
pub async fn with_gauges<T>(set: impl Fn(), work: impl Future<Output = T>) -> T {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut work = std::pin::pin!(work);
    loop {
        let done = tokio::select! {
            done = &mut work => Some(done),
            _ = tick.tick() => None,
        };
        set();
        if let Some(done) = done {
            return done;
        }
    }
}
