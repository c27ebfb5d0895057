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
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `bot` (default) | [`Bot`], and with it everything below |
//! | `console` | [`console`]: game-server consoles, in the cloud or self-hosted |
//! | `rest` | [`auth`], [`http`], [`rest`]: logins and the REST API |
//! | `ws` | [`ws`]: the main websocket |
//! | `hyper` (default) | the default HTTP transport and `wss://`, trusting web roots |
//! | `testing` | `testing`: the simulator, for tests of bots |

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
