//! The players on a console: those who are online, from events and lists, read without a request; and their bodies and items,
//! requested at the rate of the readers.

mod change;
mod changes;
mod details;
mod follow;
mod handle;
mod inventories;
mod listed;
mod online;
mod poll;
mod poller;
#[cfg(test)]
mod poller_tests;
mod polls;
mod roster;
#[cfg(test)]
mod roster_tests;
mod shared;
mod snapshot;
mod snapshots;

pub use change::{ChangeKind, Evidence, PlayerChange};
pub use changes::PlayerChanges;
pub use handle::Players;
pub use online::{Online, Player};
pub use snapshot::Snapshot;
pub use snapshots::{Details, Inventories, Snapshots};
