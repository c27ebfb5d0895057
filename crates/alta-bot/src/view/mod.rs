//! What the bot's groups are like now: kept by events, checked over REST.

mod change;
mod config;
mod entry;
mod exchange;
mod fetch;
mod follow;
mod group;
mod handle;
mod model;
mod reading;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use change::Change;
pub use config::ViewConfig;
pub use group::{GroupView, ServerView};
pub use handle::{Changes, View};
