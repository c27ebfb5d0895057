//! The players on a console: who is online, kept from events and from lists, and read without a request.

mod change;
mod follow;
mod handle;
mod online;
mod roster;
#[cfg(test)]
mod roster_tests;

pub use change::{ChangeKind, Evidence, PlayerChange};
pub use handle::{PlayerChanges, Players};
pub use online::{Online, Player};
