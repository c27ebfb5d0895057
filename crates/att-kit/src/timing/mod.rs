//! Timing: cool-downs, debouncing, and delayed work that ends with a player, a session or the console.
//!
//! | type | purpose |
//! | --- | --- |
//! | [`Cooldown`] | allows an action once per key and period |
//! | [`Debounce`] | yields the last event of each burst |
//! | [`Delays`] | runs work later, unless the player leaves, the session ends or the console is closed |

mod agenda;
#[cfg(test)]
mod agenda_tests;
mod bursts;
#[cfg(test)]
mod bursts_tests;
mod cooldown;
#[cfg(test)]
mod cooldown_tests;
mod debounce;
mod delays;
mod follow;
mod scope;
pub(crate) mod stay;
#[cfg(test)]
mod stay_tests;

pub use cooldown::Cooldown;
pub use debounce::Debounce;
pub use delays::{Delay, Delays};
pub use scope::{DelayEnd, Scope};
