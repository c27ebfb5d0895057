//! The main websocket.

mod migrate;
mod request;
mod serve;
mod subscriptions;

pub use serve::serve;
