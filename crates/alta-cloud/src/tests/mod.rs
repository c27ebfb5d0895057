//! Attacks on the service, and other processes that change its store.

mod http;
mod limits;
mod logins;
mod roles;
mod sockets;
#[cfg(feature = "sqlite")]
mod stored;
mod support;
