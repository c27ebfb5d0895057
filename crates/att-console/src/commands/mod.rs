//! The usual commands, with their arguments as values and their results typed.

pub mod player;
