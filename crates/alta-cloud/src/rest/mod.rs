//! HTTP: the token endpoint and REST.

mod call;
mod friends;
mod groups;
mod http;
mod page;
mod permissions;
mod reply;
mod request;
mod router;
mod servers;
mod sessions;
mod token;
mod users;

pub use http::serve;
