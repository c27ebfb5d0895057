//! Orders of several items for a player. An order knows of each item whether it was spawned, and never spawns again what may
//! exist already.

mod line;
mod order;
#[cfg(test)]
mod tests;

pub use line::{Item, Line, LineState};
pub use order::Order;
