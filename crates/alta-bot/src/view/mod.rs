//! The current state of the bot's groups: kept by events, checked over REST.

mod change;
mod config;
mod console_states;
mod driver;
mod entry;
mod fetch;
mod group;
mod handle;
mod known;
mod model;
mod model_io;
#[cfg(test)]
pub(crate) mod samples;
mod schedule;
mod shared;
#[cfg(test)]
mod tests;

pub use change::Change;
pub use config::ViewConfig;
pub use group::{GroupView, ServerView};
pub(crate) use handle::Latest;
pub use handle::{Changes, View};
pub use known::{Known, Membership, ServerUpdate};
