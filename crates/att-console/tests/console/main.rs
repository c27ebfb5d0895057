//! Consoles against the simulator and against hand-made servers, over loopback sockets: a test for each promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bursts;
mod commands;
mod common;
mod connecting;
mod edges;
mod frames;
mod hostile;
mod invalid_values;
mod loading;
mod logs;
mod misbehavior;
mod outages;
mod own_commands;
mod runtimes;
mod secrets;
mod self_hosted;
mod simulator;
mod slow_links;
mod streams;
#[path = "../../../alta-socket/tests/support/connections.rs"]
mod support_of_both;
