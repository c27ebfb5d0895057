//! A typed client of A Township Tale's REST API.
//!
//! A [`Client`] sends its requests through an [`alta_http::HttpClient`], with the tokens of a bot, a user, or both
//! ([`Identities`]). Calls are grouped: [`Client::groups`], [`Client::members`], [`Client::invites`],
//! [`Client::join_requests`], [`Client::bans`], [`Client::servers`], [`Client::users`], [`Client::friends`].
//!
//! ```
//! use alta_auth::StaticToken;
//! use alta_http::HttpClient;
//! use alta_rest::{Client, Identities};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let http = HttpClient::new(tower::service_fn(|_: http::Request<bytes::Bytes>| async {
//! #     Ok::<_, std::convert::Infallible>(http::Response::new(r#"{"id": 2000000011, "name": "Thornwood"}"#.to_owned()))
//! # }));
//! let bot = StaticToken::new("eyJ...");
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
//! Calls need a tokio runtime with timers and I/O (`enable_all`). Without one, tokio panics with a message that says so.
//!
//! # Lists
//!
//! The service sends lists in pages. [`Pages`] fetches them while they are read: item by item ([`Pages::next`], or as a
//! `Stream`), or all at once up to a bound ([`Pages::collect`]). A list is never cut without an error.
//!
//! # Calls without a method
//!
//! [`Client::send`] sends any [`Request`], with the same accounts, retries and errors, and [`Client::raw_pages`] does the same
//! with paging. [`Endpoint`] is the trait of the typed calls, for your own.
//!
//! # Scopes
//!
//! A bot's token contains its granted scopes. A call whose scope is not among them fails with [`ErrorKind::MissingScope`],
//! which names the scope, before the request is sent.
//!
//! # Errors and retries
//!
//! An [`Error`] has the kind, the status, the server's message and code, and the request. A request whose token is refused is
//! sent once more with a new token. All other retries, pauses and limits belong to the
//! [`HttpClient`](alta_http::HttpClient); see `alta_http::Config`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod api;
mod client;
mod decode;
mod endpoint;
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
