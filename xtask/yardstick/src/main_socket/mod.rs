//! The main websocket: events, and many subscriptions.

mod ours;
mod plain;
pub(crate) mod server;

use crate::Values;
use crate::args::{Job, Who};
use crate::clocks::Heap;

/// The first of the groups that are subscribed to.
const FIRST_GROUP: i64 = 2_000_000_000;

/// The number of subscriptions of a flood.
const FEW: usize = 10;

/// The events of one flood: no more can be in the queue.
const PART: usize = 20_000;

pub(crate) async fn measure(job: &Job, heap: Heap) -> Values {
    match (job.part.as_str(), job.who) {
        ("events", Who::Ours) => ours::events(job).await,
        ("events", Who::Plain) => plain::events(job).await,
        ("hold" | "many", Who::Ours) => ours::hold(job, heap).await,
        ("hold" | "many", Who::Plain) => plain::hold(job, heap).await,
        (_, Who::Ours) => ours::paced(job).await,
        (_, Who::Plain) => plain::paced(job).await,
    }
}

/// A flood in parts.
fn parts(count: usize) -> impl Iterator<Item = usize> {
    let begins = (0..count).step_by(PART);
    begins.map(move |begin| PART.min(count - begin))
}
