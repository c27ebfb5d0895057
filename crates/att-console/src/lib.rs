//! Game-server consoles of *A Township Tale*: commands and events, in Alta's cloud or on a self-hosted server.
//!
//! A bot for a self-hosted server (TavernLib) needs this crate alone; `att-kit` adds handlers and sets of several consoles.
//!
//! ```no_run
//! use att_console::{Console, commands::player, event::PlayerJoined};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let console = Console::local()?;
//!     let mut joins = console.subscribe::<PlayerJoined>().await?;
//!     while let Some(event) = joins.next_event().await {
//!         // A server that restarts fails a command, not the bot.
//!         if let Err(error) = console.command(player::message(event.data.user, "Welcome!")).await {
//!             eprintln!("{error}");
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Guarantees:
//!
//! - a [`Console`] reconnects by itself, with its subscriptions; handles and streams stay valid;
//! - an event stream yields every event, or [`Missed`] with the number of missed events or the times of a gap;
//! - a command ends exactly once and is never sent twice, and its error says whether it may have run;
//! - an argument is a value: no string that a player chose can become another argument or another target.
//!
//! # Logs
//!
//! The crate logs with [`tracing`](https://docs.rs/tracing), in the span `console{name, server}`. The lines of a command are in
//! `command{console, server, command, id}`, inside the caller's span.
//!
//! | level | lines |
//! | --- | --- |
//! | `info` | a console is ready; a connection is lost, with the reason; a console is closed, with the reason |
//! | `warn` | a server does not reply although two commands wait; a stream skips a miss; the server no longer has an event |
//! | `debug` | each command under its id: sent, its reply or error; late replies; subscriptions; skipped frames |
//! | `trace` | the lines of commands, with their arguments |
//!
//! No line contains a token. Arguments, which players can write, are only in `trace`.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `tls` | `wss://` addresses, by a [`TcpDialer`] with `Tls` |
//! | `webpki-roots` | `Tls::web_roots` |
//! | `platform-roots` | `Tls::platform_roots` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
pub mod catalogue;
pub mod commands;
mod config;
mod connector;
mod driver;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod handle;
mod label;
mod machine;
mod nearest;
mod shared;
mod status;
mod wire;

/// The types of console events, from [`alta_model`].
pub mod event {
    pub use alta_model::console::event::*;
}

/// The types of command results, from [`alta_model`].
pub mod result {
    pub use alta_model::console::result::*;
}

// For `alta-bot`.
#[doc(hidden)]
pub use access::small_file::read_small_file;
pub use access::token_file::TokenFile;
pub use access::{Access, AccessError, ConsoleAccess};
pub use commands::argument::{Argument, PlayerRef, Target};
pub use commands::command::Command;
pub use config::{Config, WhenNotReady};
pub use error::{Closed, Error, ErrorKind, Sent};
pub use handle::console::Console;
pub use handle::ready::Statuses;
pub use handle::run::{Run, RunWithReply};
pub use handle::subscription::{Subscribe, Subscription};
pub use handle::weak::WeakConsole;
// For `att-kit`.
#[doc(hidden)]
pub use nearest::nearest;
pub use status::{NotConnected, State, Status, Totals};
pub use wire::any_event::AnyEvent;
pub use wire::event::Event;
pub use wire::event_name::EventName;
pub use wire::reply::Reply;

pub use alta_model::{
    EntityId, Listing, Place, PrefabHash, Secret, ServerId, Skipped, Timestamp, User, UserId,
    Vector3,
};
pub use alta_socket::{
    BackoffPolicy, BoxIo, ConnectError, Dial, DialError, Direction, Io, Missed, Observer, Overflow,
    Proxy, ProxyError, QueueConfig, RawFrame, Resolver, TcpDialer,
};
#[cfg(feature = "tls")]
pub use alta_socket::{Tls, TlsError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
