//! The game-server console: what its events carry ([`event`]) and what its commands return ([`result`]).

mod command_line;
pub mod event;
pub mod result;

pub use command_line::command_words;
