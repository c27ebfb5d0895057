//! A replaceable HTTP layer: the interface, the default layers, and a transport over hyper and rustls.
//!
//! Every client of *A Township Tale*'s HTTP services takes an [`HttpClient`]. It sends complete requests and receives complete
//! responses ([`Bytes`](bytes::Bytes) both ways, because the services exchange small JSON). It wraps any
//! `tower_service::Service`, so one line makes login, the REST API and downloads use reqwest, a recorder or a mock:
//!
//! ```
//! use alta_http::HttpClient;
//! use bytes::Bytes;
//! use http::{Request, Response};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = tower::service_fn(|request: Request<Bytes>| async move {
//!     assert_eq!(request.uri().path(), "/api/groups/joined");
//!     Ok::<_, std::convert::Infallible>(Response::new("[]".to_owned()))
//! });
//! let http = HttpClient::new(mock);
//!
//! let request = Request::get("https://example.org/api/groups/joined").body(Bytes::new())?;
//! assert_eq!(http.send(request).await?.body(), "[]");
//! # Ok(())
//! # }
//! ```
//!
//! # Runtime
//!
//! Requests need a tokio runtime with timers and I/O (`enable_all`). Without one, tokio panics with a message that says so.
//!
//! # Layers
//!
//! [`HttpClient::layered`] puts the default layers around a transport, as functions of one future. [`HttpClient::new`] adds only the
//! first and the last of them, and [`HttpClient::without_layers`] adds none. Each layer is also a public service, so that a program
//! can omit it, replace it or put it around another service. From the outside in:
//!
//! | layer | what it does | default |
//! | --- | --- | --- |
//! | [`Trace`] | gives each request an id and a span in the log | |
//! | [`Retry`] | repeats a request where that is safe, after a pause | 3 attempts |
//! | [`ConcurrencyLimit`] | limits the requests in flight, with a deadline in the queue | 5 |
//! | `tower::timeout::Timeout` | ends an attempt that takes too long | 10 s |
//! | [`Collect`] | reads the body, up to a limit | 16 MiB |
//!
//! The whole call, with the time in the queue, its attempts and their pauses, takes at most 60 s
//! ([`HttpClient::with_call_timeout`]).
//!
//! A transport that knows that it did not send a request returns [`NotSent`]; then even a POST is repeated.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `hyper` (default) | `Transport`, over hyper and rustls, HTTP/1.1 and HTTP/2, through the environment's proxies |
//! | `gzip` (default) | compressed responses, and `Config::gzip` to turn them off |
//! | `webpki-roots` (default) | `HttpClient::web_roots`, `Tls::web_roots` |
//! | `platform-roots` | `HttpClient::platform_roots`, `Tls::platform_roots` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod collect;
mod config;
#[cfg(feature = "hyper")]
mod connect;
mod credentials;
mod deadline;
mod error;
#[cfg(feature = "gzip")]
mod gzip;
mod limit;
mod retry;
mod stack;
#[cfg(feature = "hyper")]
mod tls;
mod trace;
#[cfg(feature = "hyper")]
mod transport;

pub use alta_dial::{Proxy, ProxyError, Resolver, retry_after, without_credentials};
pub use client::HttpClient;
pub use collect::Collect;
pub use config::Config;
pub use deadline::Deadline;
pub use error::{BoxError, Error, ErrorKind, NotSent};
pub use limit::{ConcurrencyLimit, Urgent};
pub use retry::{Repeatable, Retry};
#[cfg(feature = "hyper")]
pub use tls::Tls;
pub use trace::Trace;
#[cfg(feature = "hyper")]
pub use transport::{Transport, TransportBody, TransportFuture};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
