//! The main websocket against the simulator, over loopback: a test for each promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod closing;
mod connecting;
mod connections;
mod each_request;
mod echoes;
mod events;
mod faults;
mod frames;
mod hours;
mod limits;
#[path = "../../../alta-socket/tests/support/log.rs"]
#[allow(dead_code, reason = "the tests of consoles use the rest")]
mod log;
mod logs;
mod migration;
mod migration_faults;
mod misbehavior;
mod proxy;
mod raw_requests;
mod secrets;
mod slow_links;
mod spreading;
mod streams;
mod subscriptions;
mod support;
#[path = "../../../alta-socket/tests/support/connections.rs"]
mod support_of_both;
mod tls;
