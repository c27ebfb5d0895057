//! Game servers: consoles and what can be told them.

pub(crate) mod answer;
mod arguments;
mod catalogue;
pub(crate) mod commands;
pub(crate) mod console;
mod events;
