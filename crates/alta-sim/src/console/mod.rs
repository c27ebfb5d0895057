//! The consoles of game servers: tokens, commands and replies, files.

mod files;
mod log;
mod run;
mod serve;
mod token;

pub(crate) use files::file;
pub(crate) use run::{run_detached, run_waiting};
pub(crate) use serve::serve;
pub(crate) use token::self_hosted_token;
