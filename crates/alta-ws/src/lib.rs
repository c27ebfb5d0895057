//! A client of the main websocket of *A Township Tale*'s services: events of a bot's account and its groups, without
//! loss.
//!
//! ```no_run
//! use alta_ws::{Client, Config, MeGroupInviteCreate, StaticToken, UserId};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), alta_ws::Error> {
//!     let client = Client::open_with(StaticToken::new("eyJ…"), Config::default())?;
//!     let mut invites = client.subscribe(MeGroupInviteCreate(UserId::new(1_100_000_001))).await?;
//!     while let Some(invite) = invites.next().await {
//!         let Ok(invite) = invite else { continue };
//!         println!("invited to {}", invite.data.name);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Guarantees, independent of the network:
//!
//! - a [`Client`] reconnects by itself, with its subscriptions; handles and streams stay valid;
//! - an event stream yields every event, or [`Missed`] with the number of missing events or the length of the gap;
//! - before the service ends a connection for its age, the subscriptions move to a new one; no event that either
//!   connection delivered is lost or duplicated;
//! - subscriptions are spread over as many sockets as their number needs;
//! - unknown events and fields are passed on.
//!
//! # Try it
//!
//! `alta-sim` simulates the service in the same process, without an account or a network:
//!
//! ```
//! use alta_sim::Sim;
//! use alta_ws::{Client, Config, GroupId, GroupServerStatus, Missed, StaticToken};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = Sim::builder().start().await?;
//! let config = Config::default().url(sim.socket_url().parse()?);
//! let client = Client::open_with(StaticToken::new(sim.bot_token()), config)?;
//! let group = GroupId::new(sim.group().try_into()?);
//! let mut statuses = client.subscribe(GroupServerStatus(group)).await?;
//!
//! sim.player_joins(sim.server(), "Ashwick")?;
//! let status = statuses.next().await.expect("the client is open")?;
//! assert_eq!(status.data.online_players[0].username, "Ashwick");
//!
//! // The connection is lost and returns; the stream reports the length of the gap.
//! sim.drop_main_sockets();
//! assert!(matches!(statuses.next().await, Some(Err(Missed::Gap { .. }))));
//! sim.player_joins(sim.server(), "Juno")?;
//! let status = statuses.next().await.expect("the client is open")?;
//! assert_eq!(status.data.online_players.len(), 2);
//! client.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `tls` (default) | `wss://` addresses: a [`TcpDialer`] with [`Tls`] |
//! | `webpki-roots` (default) | Mozilla's root certificates, for the default dialer |
//! | `platform-roots` | the platform's root certificates, for the default dialer, unless `webpki-roots` is on |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod config;
mod connector;
mod driver;
mod error;
mod events;
mod frame;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod pool;
mod protocol;
mod shared;
mod socket;
mod status;
mod subscription;
#[cfg(test)]
mod test_callers;
#[cfg(test)]
mod test_server;
mod tokens;
mod topic;

pub use client::{Client, Statuses};
pub use config::Config;
pub use error::{Error, ErrorKind, Sent};
pub use events::{
    GroupBanCreate, GroupBanDelete, GroupInviteCreate, GroupInviteDelete, GroupMemberCreate,
    GroupMemberDelete, GroupMemberUpdate, GroupMembership, GroupRequestCreate, GroupRequestDelete,
    GroupServerCreate, GroupServerDelete, GroupServerHeartbeat, GroupServerStatus,
    GroupServerUpdate, GroupUpdate, MeGroupCreate, MeGroupDelete, MeGroupInviteCreate,
    MeGroupInviteDelete, MeGroupRequestCreate, MeGroupRequestDelete, Subscribable,
};
pub use frame::{Event, RawContent, Response};
pub use status::{State, Status, Totals};
pub use subscription::{Subscribe, Subscription};
pub use topic::Topic;

pub use alta_auth::{BotTokens, StaticToken, Token, TokenSource};
pub use alta_model::{GroupId, UserId};
pub use alta_socket::{
    BackoffPolicy, BoxIo, Closed, ConnectError, Dial, DialError, Direction, Io, Missed,
    NotConnected, Observer, Overflow, Proxy, ProxyError, QueueConfig, RawFrame, Resolver,
    TcpDialer,
};
#[cfg(feature = "tls")]
pub use alta_socket::{Tls, TlsError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
