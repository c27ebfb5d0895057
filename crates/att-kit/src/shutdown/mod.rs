//! A shutdown of the server as a chain: announce, save, wait, quit, and report the return. The chain survives a lost connection
//! and can be canceled until the server quits.

mod chain;
#[cfg(test)]
mod chain_tests;
mod error;
mod follow;
mod plan;
mod running;
mod stage;

pub use error::{ShutdownError, ShutdownErrorKind};
pub use plan::Shutdown;
pub use running::RunningShutdown;
pub use stage::{ShutdownEnd, Stage};
