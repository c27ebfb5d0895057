//! The program against the simulator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cloud;
#[cfg(unix)]
mod console;
mod exec;
mod generated;
mod help;
mod new;
mod record;
mod replay;
mod run;
#[cfg(unix)]
mod terminal;
