//! Orders of several items for a player. An order records for each item whether it was spawned, and never spawns an item again that may
//! exist already.

mod line;
mod order;
#[cfg(test)]
mod tests;

pub use line::{Item, Line, LineState};
pub use order::Order;
