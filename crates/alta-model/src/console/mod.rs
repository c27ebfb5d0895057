//! The game-server console: the data of its events ([`event`]) and the results of its commands ([`result`]).

mod command_line;
pub mod event;
pub mod result;

pub use command_line::command_words;
