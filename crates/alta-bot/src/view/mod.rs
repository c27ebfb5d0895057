//! What the bot's groups are like now: kept by events, checked over REST.

mod agenda;
mod change;
mod config;
mod consoles;
mod entry;
mod exchange;
mod fetch;
mod follow;
mod group;
mod handle;
mod known;
mod model;
#[cfg(test)]
pub(crate) mod samples;
mod shared;
#[cfg(test)]
mod tests;

pub use change::Change;
pub use config::ViewConfig;
pub use group::{GroupView, ServerView};
pub(crate) use handle::Latest;
pub use handle::{Changes, View};
pub use known::{Known, Membership, ServerNews};
