//! The game-server console: the data of its events ([`event`]) and the results of its commands ([`result`]).

mod chunk;
mod command_line;
pub mod event;
pub mod result;

pub use chunk::{cave_layer, chunk_name, chunk_starts_with, is_same_chunk};
pub use command_line::{CommandWord, command_words};
