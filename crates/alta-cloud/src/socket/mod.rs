//! The main websocket: requests, subscriptions, migration.

mod migrate;
mod request;
mod serve;
mod subscriptions;

pub use serve::serve;
