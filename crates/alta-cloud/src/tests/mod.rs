//! Attacks on the service.

mod http;
mod limits;
mod roles;
mod sockets;
mod support;
