//! Orders of several items for a player. An order records for each item whether it was spawned, and never spawns an item again that may
//! exist already. [`Orders`] keeps orders in a file, so that this also holds after a crash.

mod error;
mod kept;
mod line;
mod order;
mod stored;
#[cfg(test)]
mod tests;

pub use error::{OrderError, OrderErrorKind};
pub use kept::{KeptOrder, MAX_ORDERS, Orders};
pub use line::{Item, Line, LineState};
pub use order::Order;
