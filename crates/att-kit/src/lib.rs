//! Handlers over any number of game-server consoles of *A Township Tale*, on self-hosted servers and in Alta's cloud.
//!
//! ```no_run
//! use att_console::Console;
//! use att_kit::{Consoles, Handlers, Runner, commands::player, event::PlayerJoined};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let consoles = Consoles::new();
//!     consoles.add("my server", Console::local()?);
//!     let handlers = Handlers::new().on::<PlayerJoined>(|console, event| async move {
//!         console.command(player::message(event.data.user, "Welcome!")).await
//!     });
//!     Runner::new(consoles, handlers).run().await?;
//!     Ok(())
//! }
//! ```
//!
//! | type | purpose |
//! | --- | --- |
//! | [`Consoles`] | consoles by key, added and removed at any time, with streams over all of them |
//! | [`Handlers`] | the functions that are called for events, states and sessions |
//! | [`Runner`] | calls the handlers: in order per player, concurrently within [`Limits`], with timeouts, until a graceful end |
//!
//! | module | purpose |
//! | --- | --- |
//! | [`atm`] | balances: reading and changing as one step per player, and transfers |
//! | [`bot_commands`] | commands of the program for players and for users of a console: arguments, permissions, help |
//! | [`building`] | a lock over the selection of a console; save strings; builds that are saved, placed, loaded and cloned |
//! | [`conditions`] | players who enter and leave zones, hold items or make gestures, with hold time and cool-down per player |
//! | [`homes`] | teleports to positions, which restore the players' homes |
//! | [`journal`] | events, commands, gaps and states as JSON lines in a file, or into a function |
//! | [`messages`] | messages to players: when they can see them, unless they have left, and never too late |
//! | [`orders`] | orders of several items, which never spawn an item twice |
//! | [`players`] | the online players of a console, their changes, and the bodies and items of all players at a chosen rate |
//! | [`shutdown`] | a shutdown of the server as a chain: announce, save, quit, report the return |
//! | [`schedule`] | work on a clock: every so often, at a time of day, by a cron expression |
//! | [`timing`] | cool-downs, debouncing, and delayed work that ends with a player, a session or the console |
//!
//! [`HandlerQueue`], [`Calls`] and [`Runner::open`] are for programs that choose their consoles by themselves, as `alta-bot` does.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `metrics` | counters and gauges of a [`Runner`], through the `metrics` facade |

pub mod atm;
pub mod bot_commands;
pub mod building;
mod calls;
mod clock;
pub mod conditions;
mod console_events;
mod console_state;
mod consoles;
mod counters;
mod deadline;
mod duplicates;
mod durable_file;
mod effect;
mod error;
mod failure;
mod feed;
#[cfg(feature = "metrics")]
mod gauges;
mod handler_fn;
mod handler_queue;
mod handlers;
mod health;
mod hints;
pub mod homes;
pub mod journal;
mod key;
mod keyed_locks;
mod keyed_queues;
mod limits;
mod member;
pub mod messages;
pub mod orders;
mod panics;
mod player;
mod player_id;
pub mod players;
mod runner;
pub mod schedule;
pub mod shutdown;
mod shutdown_signal;
mod subscribe;
pub mod timing;
mod with_state;

pub use calls::{Call, Calls};
pub use console_events::ConsoleEvents;
pub use consoles::Consoles;
pub use counters::Totals;
pub use deadline::{Deadline, StopBy, request_stop, stop_requested};
pub use error::{Error, ErrorKind};
pub use failure::{Failure, FailureKind, HandlerInfo};
#[cfg(feature = "metrics")]
pub use gauges::with_gauges;
pub use handler_fn::{HandlerError, HandlerFn, Outcome};
pub use handler_queue::HandlerQueue;
pub use handlers::{Handlers, Work, boxed};
pub use health::{ConsoleHealth, Health};
pub use hints::{did_you_mean, warn_of_unknown_events};
pub use key::Key;
pub use limits::Limits;
pub use panics::{catch_panic, catch_panic_in};
pub use runner::{End, Finished, Opened, Runner, RunnerEvent, RunnerHandle};
pub use shutdown_signal::shutdown_signal;
pub use subscribe::Subscribe;
pub use with_state::with_state;

pub use att_console::{commands, event};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
