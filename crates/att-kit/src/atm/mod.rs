//! The balances of players. Reading a balance and changing it is one step: the program's own tasks wait for each other, per
//! player, and the effect of a change with a lost reply is determined.

mod changed;
mod error;
mod handle;
mod steps;

pub use changed::Changed;
pub use error::{AtmError, AtmErrorKind};
pub use handle::Atm;
