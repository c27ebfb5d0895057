//! The client, its layers and its transport, over the loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod deadline;
#[cfg(feature = "gzip")]
mod gzip;
mod layers;
#[cfg(feature = "hyper")]
mod proxy;
#[cfg(feature = "hyper")]
mod proxy_server;
#[cfg(feature = "hyper")]
mod tls;
#[cfg(feature = "hyper")]
mod tls_server;
#[cfg(feature = "hyper")]
mod transport;
