//! Game-server consoles: events, commands, idle memory, many consoles, bad peers, journals.

mod bad_peer;
mod events;
mod journal;
mod ours;
mod plain;
mod players;
pub(crate) mod server;
mod snapshots;

use crate::Values;
use crate::args::{Job, Who};
use crate::clocks::Heap;

/// A command of usual length.
const COMMAND: &str = "player message 1 hello 3";

pub(crate) async fn measure(job: &Job, heap: Heap) -> Values {
    match (job.part.as_str(), job.who) {
        ("events", Who::Ours) => ours::events(job).await,
        ("events", Who::Plain) => plain::flood(job, &events::NAMES[..1]).await,
        ("flood_mixed", Who::Ours) => ours::flood_mixed(job).await,
        ("flood_mixed", Who::Plain) => plain::flood(job, &events::NAMES).await,
        ("round_trip", Who::Ours) => ours::round_trip(job).await,
        ("round_trip", Who::Plain) => plain::round_trip(job).await,
        ("pipelined" | "pipelined_1000", Who::Ours) => ours::pipelined(job).await,
        ("pipelined" | "pipelined_1000", Who::Plain) => plain::pipelined(job).await,
        ("idle" | "many" | "large_reply", Who::Ours) => ours::idle(job, heap).await,
        ("idle" | "many" | "large_reply", Who::Plain) => plain::idle(job, heap).await,
        ("snapshots", Who::Ours) => ours::snapshots(job).await,
        ("snapshots", Who::Plain) => plain::snapshots(job).await,
        ("derived", Who::Ours) => ours::derived(job).await,
        ("derived", Who::Plain) => plain::derived(job).await,
        ("journal", _) => journal::measure(job).await,
        (part, Who::Ours) if part.starts_with("bad_peer") => bad_peer::measure(job, heap).await,
        (part, Who::Plain) if part.starts_with("bad_peer") => plain::bad_peer(job).await,
        (_, Who::Ours) => ours::paced(job).await,
        (_, Who::Plain) => plain::paced(job).await,
    }
}
