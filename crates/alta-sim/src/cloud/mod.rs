//! The cloud: token endpoint, REST, main websocket.

mod friends;
mod groups;
pub(crate) mod http;
mod migrate;
mod page;
mod reply;
mod rest;
mod servers;
mod sessions;
pub(crate) mod socket;
mod subscriptions;
mod token;
mod users;
