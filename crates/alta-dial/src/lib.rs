//! How servers are reached: bounded name look-ups, raced addresses, proxies.
//!
//! Bots do not use this crate by itself: the default HTTP transport and both websockets dial by it, so that all of them
//! reach what one of them does. They re-export what their users see ([`Proxy`], [`Resolver`]).
//!
//! - [`Connector`] makes TCP connections. Addresses of a name are raced (RFC 8305), so that one that never answers costs a
//!   quarter of a second.
//! - [`Resolver`] looks names up on threads of its own: one look-up for a name at a time, and no slow one in front of others.
//! - [`basic_authorization`] and [`retry_after`] read what addresses and answers say.
//! - [`Proxy`] is what the environment or the program says of proxies.

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
