//! The game-server console: what its events carry ([`event`]) and what its commands return ([`result`]).

pub mod event;
pub mod result;
