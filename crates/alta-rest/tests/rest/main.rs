//! The REST client against fixtures, a scripted HTTP server and the simulator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod endpoints;
mod errors;
mod fixtures;
mod invalid_values;
mod limits;
mod pages;
mod secrets;
mod simulator;
mod support;
mod tokens;
