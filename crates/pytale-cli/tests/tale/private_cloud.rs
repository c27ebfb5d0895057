//! `tale cloud` in front of two simulated self-hosted servers.

mod clients;
mod consoles;
mod garbage;
mod hard;
mod http;
#[path = "../../../alta-sim/tests/peers/install.rs"]
#[allow(
    clippy::duration_suboptimal_units,
    reason = "the other crates compile with an older Rust"
)]
mod install;
mod killed;
#[path = "../../../alta-sim/tests/peers/npm.rs"]
#[allow(dead_code, reason = "another bot runs here")]
mod npm;
mod secure;
mod servers;
mod storage;
mod support;
mod unusable;
