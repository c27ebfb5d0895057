//! The program against the simulator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod account;
#[cfg(unix)]
mod console;
mod docs;
mod doctor;
mod events;
mod exec;
mod generated;
mod hard;
mod help;
#[cfg(unix)]
mod macros;
mod new;
mod players;
mod private_cloud;
mod record;
mod replay;
mod restart;
mod run;
mod save;
#[cfg(unix)]
mod screens;
mod scripted;
mod several;
mod sim;
#[cfg(unix)]
mod terminal;
mod wait;
