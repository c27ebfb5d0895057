//! Connecting to servers: bounded name lookups, raced addresses, proxies.
//!
//! Bots do not use this crate directly. The default HTTP transport and both websockets connect through it, so that all of them
//! reach the same servers. They re-export the public parts ([`Proxy`], [`Resolver`]).
//!
//! - [`Connector`] opens TCP connections. It races the addresses of a name (RFC 8305), so that an unreachable one costs a
//!   quarter of a second.
//! - [`Resolver`] looks names up on its own threads: one lookup for a name at a time, and a slow one delays no other.
//! - [`basic_authorization`] and [`retry_after`] read addresses and response headers.
//! - [`Proxy`] holds the proxies of the environment or of the program.

mod basic;
mod connect;
mod detached;
mod exceptions;
mod lookup;
mod proxy;
mod race;
mod recent;
mod retry_after;
mod socks;
mod tunnel;

pub use basic::{basic_authorization, without_credentials};
pub use connect::{ConnectError, Connector, Target};
pub use detached::detached;
pub use lookup::Resolver;
pub use proxy::{Proxy, ProxyError, ProxyKind, ProxyServer};
pub use retry_after::retry_after;
