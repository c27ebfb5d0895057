//! The types that users hold: consoles, running commands, streams of events, states.

pub(crate) mod console;
pub(crate) mod download;
pub(crate) mod extensions;
pub(crate) mod label;
pub(crate) mod open;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod subscription;
