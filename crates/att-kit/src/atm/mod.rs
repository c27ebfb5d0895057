//! The balances of players. Reading a balance and changing it is one step: the program's own tasks wait for each other, per
//! player, and a lost reply is cleared up.

mod error;
mod handle;
mod steps;

pub use error::{AtmError, AtmErrorKind};
pub use handle::{Atm, Changed};
