//! HTTP: the token endpoint and REST.

mod attempts;
mod call;
mod connection;
mod faults;
mod friends;
mod groups;
mod id;
mod journal;
mod listed;
mod members;
mod page;
mod paths;
mod permissions;
mod reply;
mod request;
mod router;
mod routes;
mod serve;
mod servers;
mod sessions;
mod token;
mod users;

#[cfg(test)]
pub(crate) use router::table;
pub use serve::serve;
