//! Game-server consoles of *A Township Tale*: commands out, events in, in Alta's cloud or on a self-hosted server.
//!
//! A bot for a self-hosted server (TavernLib) needs this crate alone:
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
//! What holds, whatever the network does:
//!
//! - a [`Console`] comes back by itself, with its subscriptions; handles and streams stay valid;
//! - an event stream yields every event, or [`Missed`] with the number or the length of what is missing;
//! - a command ends exactly once, is never sent twice, and its error tells whether it may have run;
//! - an argument is a value: no text that a player chose can become another argument or another target.
//!
//! # Logs
//!
//! By [`tracing`](https://docs.rs/tracing), in the span `console{name, server}`; a command's in `command{console, server,
//! command, id}`, which stands in the caller's own span.
//!
//! | level | what |
//! | --- | --- |
//! | `info` | a console becomes ready, is lost and why, answers again, is closed and why |
//! | `warn` | a server answers nothing though two commands wait; a stream missed something that nobody looks at; an event is no more |
//! | `debug` | each command under its id: sent, answered, or why not; late answers; subscriptions; frames that are skipped |
//! | `trace` | the lines of commands, with their arguments |
//!
//! No token is in any of them. Arguments, which players write, are in none above `trace`.
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
mod address;
mod all_consoles;
mod answer;
mod any_event;
mod argument;
pub mod catalogue;
mod command;
pub mod commands;
mod compact;
mod config;
mod console;
mod consoles;
mod download;
mod driver;
mod error;
mod fields;
mod frame;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod happening;
mod label;
mod machine;
mod name;
mod nearest;
mod open;
mod place;
mod reply;
mod run;
mod small_file;
mod span;
mod status;
mod subscription;
mod token_file;
mod word;

/// The events of a console, as [`alta_model`] has them.
pub mod event {
    pub use alta_model::console::event::*;
}

/// What commands return, as [`alta_model`] has it.
pub mod result {
    pub use alta_model::console::result::*;
}

pub use access::{Access, AccessError, ConsoleAccess};
pub use all_consoles::AllConsoles;
pub use any_event::AnyEvent;
pub use argument::{Argument, PlayerRef, Target};
pub use command::Command;
pub use config::{Config, WhenNotReady};
pub use console::{Console, Statuses};
pub use consoles::Consoles;
pub use error::{Closed, Error, ErrorKind, Sent};
pub use happening::Event;
pub use name::EventName;
pub use reply::Reply;
pub use run::{Run, RunWithReply};
pub use small_file::read_small_file;
pub use status::{State, Status, Totals, Trouble};
pub use subscription::{Subscribe, Subscription};
pub use token_file::TokenFile;

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
