//! The public handles: consoles, running commands and streams of events.

pub(crate) mod calls;
pub(crate) mod console;
pub(crate) mod download;
pub(crate) mod extensions;
pub(crate) mod ready;
pub(crate) mod run;
pub(crate) mod subscription;
pub(crate) mod weak;
