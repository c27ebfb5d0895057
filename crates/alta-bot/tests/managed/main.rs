//! Managed bots against the simulated cloud and self-hosted servers, over loopback sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod acceptance;
mod consoles;
mod groups;
mod handlers;
mod invites;
#[cfg(feature = "metrics")]
mod metrics;
mod outages;
mod servers;
mod shutdown;
mod start;
mod support;
mod view;
