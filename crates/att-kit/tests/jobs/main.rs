//! The examples, each against a simulated server that is restarted in the middle, with players with unusual names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod a_week;
mod actions;
mod bot_commands;
mod budgets;
mod building;
mod commands;
mod conditions;
mod journal;
mod positions;
#[path = "../support/mod.rs"]
mod support;
mod timing;
mod town;
