//! Attacks on the service, and other processes that change its store.

mod credentials;
mod frames;
mod http;
mod limits;
mod logins;
mod open;
mod roles;
mod sockets;
#[cfg(feature = "sqlite")]
mod stored;
mod support;
