//! Bots for *A Township Tale*, in Alta's cloud or on self-hosted servers: the whole library behind one name.
//!
//! This crate holds nothing of its own. Each part is a crate that can be depended on alone; here they are modules, and
//! [`prelude`] has what most bots need.
//!
//! ```no_run
//! use pytale::prelude::*;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let console = Console::local()?;
//!     let mut moves = console.subscribe::<PlayerMovedChunk>().await?;
//!     while let Some(event) = moves.next_event().await {
//!         if let Some(layer) = event.data.new_chunk.strip_prefix("Cave Layer ") {
//!             let text = format!("You are on layer {layer}");
//!             console.command(player::message(event.data.player, text)).await?;
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Testing a bot
//!
//! With the feature `testing`, the module of that name is a simulator of the cloud and of game servers, inside of the test's own process:
//! start a town, let a player join, see what the bot told them, restart the server.
//!
#![cfg_attr(feature = "testing", doc = "```")]
#![cfg_attr(not(feature = "testing"), doc = "```ignore")]
//! use pytale::prelude::*;
//! use pytale::testing::Sim;
//!
//! async fn welcome(console: Console) -> Result<(), pytale::console::Error> {
//!     let mut joins = console.subscribe::<PlayerJoined>().await?;
//!     while let Some(event) = joins.next_event().await {
//!         let greeting = player::message(event.data.user, "Welcome!");
//!         if let Err(error) = console.command(greeting).await {
//!             eprintln!("{error}");
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = Sim::builder().bare().start().await?;
//! let town = sim.add_self_hosted("Thornwood")?;
//! let access = ConsoleAccess::new(sim.console_url(town)?.parse()?, sim.console_token(town));
//! tokio::spawn(welcome(Console::open(access)));
//!
//! sim.wait_for_console_subscription(town, "PlayerJoined").await?;
//! let ashwick = sim.player_joins(town, "Ashwick")?;
//! sim.wait_until(|sim| !sim.messages(town).is_empty()).await?;
//! assert_eq!(sim.messages(town)[0].text, "Welcome!");
//!
//! sim.stop_server(town).await?;
//! sim.wait_for_consoles(town, 0).await?;
//! sim.start_server(town)?;
//! sim.wait_for_console_subscription(town, "PlayerJoined").await?;
//! sim.player_joins(town, "Brambletoe")?;
//! sim.wait_until(|sim| sim.messages(town).len() == 2).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `bot` (default) | [`Bot`], and with it everything below |
//! | `console` | [`console`]: game-server consoles, in the cloud or self-hosted |
//! | `rest` | [`auth`], [`http`], [`rest`]: logins and the REST API |
//! | `ws` | [`ws`]: the main websocket |
//! | `hyper` (default) | the default HTTP transport and `wss://`, trusting web roots |
//! | `platform-roots` | the same, trusting what the platform trusts; for what chooses by itself, `hyper` goes before |
//! | `metrics` | counters and gauges of a `ManagedBot`, through the `metrics` facade |
//! | `testing` | `testing`: the simulator, for tests of bots |
//!
//! Whoever comes from py-tale finds everything in `docs/from-py-tale.md`; `examples/` has whole bots.

pub use alta_model as model;

#[cfg(any(feature = "rest", feature = "ws"))]
pub use alta_auth as auth;
#[cfg(feature = "bot")]
pub use alta_bot as bot;
#[cfg(feature = "rest")]
pub use alta_http as http;
#[cfg(feature = "rest")]
pub use alta_rest as rest;
#[cfg(feature = "testing")]
pub use alta_sim as testing;
#[cfg(any(feature = "console", feature = "ws"))]
pub use alta_socket as socket;
#[cfg(feature = "ws")]
pub use alta_ws as ws;
#[cfg(feature = "console")]
pub use att_console as console;

#[cfg(feature = "bot")]
pub use alta_bot::{Bot, Error, ErrorKind};
#[cfg(feature = "console")]
pub use att_console::Console;

pub mod prelude;

/// The snippets of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

/// The snippets of the guide, compiled.
#[cfg(all(doctest, feature = "bot"))]
#[doc = include_str!("../../../docs/guide.md")]
mod guide {}
