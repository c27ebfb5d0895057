//! The simulator, through its services and its program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accounts;
mod clock;
mod console;
mod console_faults;
#[cfg(feature = "control")]
mod control;
mod errors;
mod first_slice;
mod like_the_service;
mod log;
mod main_socket;
mod paths;
#[cfg(all(feature = "program", unix))]
mod process;
#[cfg(all(feature = "program", unix))]
mod program;
#[cfg(all(feature = "program", unix))]
mod program_config;
mod rest;
mod simulator;
mod support;
#[cfg(feature = "tls")]
mod tls;
