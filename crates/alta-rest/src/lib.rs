//! A Township Tale's REST API, typed.
//!
//! A [`Client`] sends its requests by an [`alta_http::HttpClient`], in the name of a bot, a user, or both
//! ([`Identities`]). Calls are grouped: [`Client::groups`], [`Client::members`], [`Client::invites`],
//! [`Client::join_requests`], [`Client::bans`], [`Client::servers`], [`Client::users`], [`Client::friends`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use alta_auth::StaticToken;
//! use alta_http::HttpClient;
//! use alta_rest::{Client, Identities};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let http = HttpClient::new(tower::service_fn(|_: http::Request<bytes::Bytes>| async {
//! #     Ok::<_, std::convert::Infallible>(http::Response::new(r#"{"id": 2000000011, "name": "Thornwood"}"#.to_owned()))
//! # }));
//! let bot = Arc::new(StaticToken::new("eyJ..."));
//! let base = "https://webapi.townshiptale.com/api".parse()?;
//! let client = Client::new(http, base, Identities::bot(bot));
//!
//! let group = client.groups().get("2000000011".parse()?).await?;
//! assert_eq!(group.name, "Thornwood");
//! # Ok(())
//! # }
//! ```
//!
//! # Runtime
//!
//! Calls are awaited in a tokio runtime with timers and I/O (`enable_all`). Elsewhere tokio panics, and says so.
//!
//! # Lists
//!
//! Lists come in pages, and [`Pages`] fetches them as they are read: item by item ([`Pages::next`], or as a `Stream`), or
//! all at once up to a bound ([`Pages::collect`]). None is ever cut silently.
//!
//! # What has no method
//!
//! The API has a long tail. [`Client::send`] takes any [`Request`], with the same accounts, retries and errors, and
//! [`Client::raw_pages`] the same with paging; [`Endpoint`] is the trait behind the typed calls, for your own.
//!
//! # Scopes
//!
//! A bot's token tells which scopes were granted. A call whose scope is not among them fails with
//! [`ErrorKind::MissingScope`], which names it, before anything is sent.
//!
//! # Errors and repetitions
//!
//! [`Error`] tells the kind of trouble, the status, the server's words and code, and which request it was. A request whose
//! token is refused is sent once more with a new one. Everything else about repeating, waiting and limits is the
//! [`HttpClient`](alta_http::HttpClient)'s: see `alta_http::Config`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[macro_use]
mod endpoint;

mod account;
mod api;
mod client;
mod decode;
mod error;
mod info;
mod page;
mod path;
mod request;

pub use account::{Account, Identities};
pub use api::*;
pub use client::Client;
pub use endpoint::{Endpoint, ResponseBody};
pub use error::{Error, ErrorKind};
pub use info::EndpointInfo;
pub use page::Pages;
pub use request::Request;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
