//! The functions of py-tale against the simulated cloud, over loopback sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod debug;
mod download;
mod settings;
mod support;
mod verbs;
