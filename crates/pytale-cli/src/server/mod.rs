//! The server that a subcommand works with: its address and token, and the connection to its console.

mod connect;
mod exposure;
mod target;
mod token;

pub(crate) use connect::{connect, dialer, first_attempt, open, open_telling};
pub(crate) use target::{SelfHosted, Target, TargetOptions};
