//! A swappable HTTP layer: the seam, the default policies, and a hyper + rustls transport.
//!
//! Everything that speaks HTTP to *A Township Tale*'s services takes an [`HttpClient`]. It sends whole requests and
//! receives whole answers ([`Bytes`](bytes::Bytes) both ways, since the services exchange small JSON), and wraps any
//! `tower_service::Service`, so that logging in, the REST API and downloads all go through reqwest, a recorder or a mock
//! if you say so:
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
//! Requests are awaited in a tokio runtime with timers and I/O (`enable_all`). Elsewhere tokio panics, and says so.
//!
//! # Layers
//!
//! [`HttpClient::layered`] puts the default layers around a transport; [`HttpClient::new`] adds the first and the last of
//! them only, [`HttpClient::whole`] none. Each is public, as a service and as a layer of tower's, so that any can be left out,
//! replaced or put around something else. From the outside in:
//!
//! | layer | what it does | default |
//! | --- | --- | --- |
//! | [`Trace`] | gives each request an id and a span in the log | |
//! | [`Retry`] | repeats what is safe to repeat, after a pause | 3 attempts |
//! | [`ConcurrencyLimit`] | lets a few requests at a time through | 5 |
//! | [`Timeout`] | ends an attempt that takes too long | 10 s |
//! | [`Collect`] | reads the body, up to a limit | 16 MiB |
//!
//! A call as a whole, with everything that these layers wait for, takes 60 s at most
//! ([`HttpClient::with_call_timeout`]).
//!
//! A transport that knows that a request never left the machine says so with [`NotSent`]; then even a POST is repeated.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `hyper` (default) | `Transport`, over hyper and rustls, HTTP/1.1 and HTTP/2, through the environment's proxies |
//! | `gzip` (default) | compressed answers, and `Config::gzip` to do without |
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
#[cfg(feature = "hyper")]
mod tls;
mod trace;
#[cfg(feature = "hyper")]
mod transport;

pub use alta_dial::{Proxy, ProxyError, Resolver, retry_after};
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
pub use transport::{Transport, TransportBody};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
