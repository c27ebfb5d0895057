//! `tale cloud` in front of two simulated self-hosted servers.

mod clients;
mod consoles;
mod hard;
mod support;
