//! `tale cloud` in front of two simulated self-hosted servers.

mod clients;
mod consoles;
mod hard;
#[path = "../../../alta-sim/tests/peers/install.rs"]
mod install;
#[path = "../../../alta-sim/tests/peers/npm.rs"]
#[allow(dead_code, reason = "another bot runs here")]
mod npm;
mod support;
