//! A bot on *A Township Tale*: login, REST, the main websocket and game-server consoles in one type.
//!
//! A [`Bot`] logs in once and holds a client of each kind. Consoles are opened by server id and connect again whenever their
//! server runs; a stopped server costs only a subscription.
//!
//! ```no_run
//! use alta_bot::{Bot, ServerId, commands::player, event::PlayerJoined};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // ALTA_CLIENT_ID and ALTA_CLIENT_SECRET.
//!     let bot = Bot::builder().read_env().connect().await?;
//!     let console = bot.open_console(ServerId::new(3_000_011)).await?;
//!     let mut joins = console.subscribe::<PlayerJoined>().await?;
//!     while let Some(event) = joins.next_event().await {
//!         let greeting = player::message(event.data.user, "Welcome!");
//!         if let Err(error) = console.command(greeting).await {
//!             eprintln!("{error}");
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Self-hosted servers need no bot: `att_console::Console` connects to one, and [`att_kit::Runner`] calls the same [`Handlers`]
//! for any number of them.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `hyper` (default) | the default HTTP transport and `wss://`, with web roots |
//! | `platform-roots` | the same, with the certificates of the platform; ignored if `hyper` is on |
//! | `metrics` | counters and gauges of a [`ManagedBot`], through the `metrics` facade |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod acceptance;
mod accepted_invites;
mod access;
mod body;
mod bot;
mod builder;
mod callbacks;
mod clock;
mod console_sub;
mod debug;
mod download;
mod endpoints;
mod error;
mod invitations;
mod list_limits;
mod lists;
mod main_events;
mod main_sub;
mod managed;
mod nearest;
mod open_console;
mod open_consoles;
mod requests;
mod settings;
mod throttled_access;
mod verbs;
mod view;
mod view_of_bot;
mod watch_server;

pub use accepted_invites::AcceptedInvites;
pub use access::CloudAccess;
pub use bot::Bot;
pub use builder::Builder;
pub use console_sub::ConsoleSub;
pub use debug::{Channel, Direction, Traffic};
pub use endpoints::Endpoints;
pub use error::{Error, ErrorKind};
pub use lists::{
    Bans, FollowedList, Invitations, JoinRequests, ListChange, ListChangeKind, ListChanges,
    ListEntry, SentInvitations,
};
pub use main_events::MainEvents;
pub use main_sub::MainSub;
pub use managed::{
    ConsoleHealth, ConsolePermission, Health, Invitation, Invites, ManagedBot, ManagedBuilder,
    Rules,
};
pub use open_console::OpenConsole;
pub use view::{
    Change, Changes, GroupView, Known, Membership, ServerUpdate, ServerView, View, ViewConfig,
};

pub use alta_auth::{BotCredentials, Password, Scopes, Secret, UserCredentials};
pub use alta_model::{GroupId, ServerId, UserId};
pub use att_console::{Proxy, commands, event};
pub use att_kit::{
    ConsoleEvents, Failure, FailureKind, Finished, HandlerError, HandlerFn, Handlers, Limits,
    Outcome, shutdown_signal,
};
