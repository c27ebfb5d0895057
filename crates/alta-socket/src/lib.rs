//! The common part of both websockets of *A Township Tale*, below any protocol: dialing, frames, pings, matching of
//! requests and replies, streams of events, backoff.
//!
//! Bots do not use this crate directly; [`alta-ws`](https://docs.rs/alta-ws) and
//! [`att-console`](https://docs.rs/att-console) use it and re-export its types that their users need ([`Missed`],
//! [`Overflow`], [`Dial`], …). It does not know the meaning of any frame.
//!
//! | part | task | does I/O |
//! | --- | --- | --- |
//! | [`Backoff`], [`KeepAlive`], [`Requests`] | the parts of protocol machines | no |
//! | [`Ledger`], [`Waiters`] | wanted and held subscriptions, the requests for them, and the waiting callers | no |
//! | [`Subscribe`], [`Subscription`] | streams of events, over any [`Protocol`] | no |
//! | [`Hub`], [`Subscriber`] | delivers events to the bounded queues of all streams | no |
//! | [`Dial`], [`TcpDialer`] | opens a byte stream, by `alta-dial` | yes |
//! | [`Links`] | opens, reads, writes and closes the websockets of one task | yes |
//! | [`Inbox`] | waits for everything that wakes that task; a wake-up costs the same with any number of sources | yes |
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `tls` (default) | `wss://` over rustls, by [`Tls`] |
//! | `webpki-roots` (default) | [`Tls::web_roots`] |
//! | `platform-roots` | [`Tls::platform_roots`] |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod counters;
mod dial;
mod driver;
mod frame;
mod hub;
mod inbox;
mod keepalive;
mod ledger;
mod link_id;
mod links;
mod lost;
mod missed;
mod objects;
mod outage;
mod queue;
mod read_at;
mod ready_set;
mod requests;
mod state;
mod status;
mod stream;
mod task;
mod tcp_dialer;
#[cfg(any(test, feature = "test-util"))]
#[doc(hidden)]
pub mod test_util;
mod timer;
#[cfg(feature = "tls")]
mod tls;
mod waiters;
mod wall;
mod websocket;

pub use alta_dial::{ConnectError, Proxy, ProxyError, Resolver};
pub use backoff::{Backoff, BackoffPolicy};
pub use counters::{CountWatcher, Counted, Counter};
pub use dial::{BoxIo, Dial, DialError, Io, WithoutSecrets};
pub use driver::{Core, Driver, InputOf, Machine, OutputOf, Signal, run, settle, take_batch};
pub use frame::RawFrame;
pub use hub::{Hub, Subscriber};
pub use inbox::{Inbox, Wake};
pub use keepalive::{KeepAlive, Liveness};
pub use ledger::{Confirmed, Disconnected, Entry, Gap, Held, Ledger, Loss, Step, Wanted};
pub use link_id::LinkId;
pub use links::{LinkEvent, Links};
pub use lost::Lost;
pub use missed::{Missed, Overflow};
pub use objects::{Objects, objects};
pub use queue::{Delivery, Footprint, QueueConfig};
pub use read_at::ReadAt;
pub use requests::{Reply, Requests};
pub use state::{Closed, NotConnected, Sent, State};
pub use status::{Observed, Publisher, Statuses, Watch, status};
pub use stream::{Echoes, Protocol, Read, Subscribe, Subscription};
pub use task::{Shutdown, TaskGuard, Timers};
pub use tcp_dialer::TcpDialer;
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError};
pub use waiters::{Waiter, Waiters};
pub use wall::{deadline_after, wall_time};
pub use websocket::{Direction, LinkConfig, Observer, Owner, WebSocket};
