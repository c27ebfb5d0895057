//! Bots for *A Township Tale*, in Alta's cloud or on self-hosted servers: the whole library behind one name.
//!
//! This crate has no code of its own. Each part is a crate that can be used alone; here each is a module, and [`prelude`] has the
//! names that almost every bot needs.
//!
//! ```no_run
//! use pytale::prelude::*;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let console = Console::local()?;
//!     let mut moves = console.subscribe::<PlayerMovedChunk>().await?;
//!     while let Some(event) = moves.next_event().await {
//!         if let Some(layer) = event.data.new_cave_layer() {
//!             let text = player::message(event.data.player, format!("Layer {layer}"));
//!             // A server that restarts fails a command, not the bot.
//!             if let Err(error) = console.command(text).await {
//!                 eprintln!("{error}");
//!             }
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Testing a bot
//!
//! With the feature `testing`, the module of that name runs the simulator in the process of the test: let a player join, check the
//! message of the bot, restart the server, and check that the bot greets again. This tests the bot of the README:
//!
#![cfg_attr(all(feature = "testing", feature = "console"), doc = "```")]
#![cfg_attr(not(all(feature = "testing", feature = "console")), doc = "```ignore")]
//! use pytale::prelude::*;
//! use pytale::testing::World;
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
//! let world = World::start().await?;
//! tokio::spawn(welcome(world.console()));
//!
//! world.wait_for_subscription::<PlayerJoined>().await?;
//! let ashwick = world.player_joins("Ashwick")?;
//! assert_eq!(world.message_to(ashwick).await?, "Welcome!");
//!
//! world.restart().await?;
//! world.wait_for_subscription::<PlayerJoined>().await?;
//! let ashwick = world.player_joins("Ashwick")?;
//! assert_eq!(world.message_to(ashwick).await?, "Welcome!");
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `bot` (default) | [`Bot`]; includes `console`, `kit`, `rest` and `ws` |
//! | `console` | [`console`]: consoles of game servers, in the cloud or self-hosted |
//! | `kit` | [`kit`]: handlers over any number of consoles; includes `console` |
//! | `rest` | [`auth`], [`http`], [`rest`]: logins and the REST API |
//! | `ws` | [`ws`]: the main websocket |
//! | `hyper` (default) | the default HTTP transport and `wss://`, with the root certificates of the web |
//! | `platform-roots` | the same with the root certificates of the platform; if both are enabled, defaults use those of `hyper` |
//! | `metrics` | counters and gauges of handlers (`kit`) and of a `ManagedBot`, through the `metrics` facade |
//! | `testing` | `testing`: a simulated town for tests of bots |
//! | `simulator` | `testing::program`: the simulator as a subcommand of another program |
//!
//! `docs/guide.md` goes from an empty folder to a bot that runs for weeks. `docs/from-py-tale.md`, `docs/from-att-client.md` and
//! `docs/from-tavernpy.md` list the names of these libraries with their counterparts here. `examples/` has whole bots.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use alta_model as model;

#[cfg(any(feature = "rest", feature = "ws"))]
pub use alta_auth as auth;
#[cfg(feature = "bot")]
pub use alta_bot as bot;
#[cfg(feature = "rest")]
pub use alta_http as http;
#[cfg(feature = "rest")]
pub use alta_rest as rest;
#[cfg(any(feature = "console", feature = "ws"))]
pub use alta_socket as socket;
#[cfg(feature = "ws")]
pub use alta_ws as ws;
#[cfg(feature = "console")]
pub use att_console as console;
#[cfg(feature = "kit")]
pub use att_kit as kit;

#[cfg(feature = "bot")]
pub use alta_bot::{Bot, Error, ErrorKind};
#[cfg(feature = "console")]
pub use att_console::Console;
#[cfg(feature = "kit")]
pub use att_kit::shutdown_signal;

mod features;
pub mod prelude;
#[cfg(feature = "testing")]
pub mod testing;

/// Compiles the code blocks of the README and of the documents.
#[cfg(all(doctest, feature = "bot", feature = "testing"))]
mod documents {
    macro_rules! compiled {
        ($($name:ident: $file:literal;)*) => {
            $(
                #[doc = include_str!(concat!("../../../", $file))]
                mod $name {}
            )*
        };
    }

    compiled! {
        readme: "README.md";
        guide: "docs/guide.md";
        from_att_client: "docs/from-att-client.md";
        from_tavernpy: "docs/from-tavernpy.md";
        security: "docs/security.md";
        fixtures: "docs/fixtures.md";
    }
}

#[cfg(all(doctest, feature = "console"))]
#[doc = include_str!("../README.md")]
mod readme {}
