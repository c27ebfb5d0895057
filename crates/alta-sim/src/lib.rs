//! An embedded simulator of A Township Tale's cloud and game servers.
//!
//! It serves the token endpoint, REST, the main websocket and any number of consoles on loopback ports, to any client.
//! Its frames are built from samples and attested forms and share no type with the client crates, so a misspelled field name
//! in a client is not repeated here and becomes visible. The cloud's services come from [`alta_cloud`]; this crate adds game servers, faults and a
//! town.
//!
//! ```
//! # async fn run() -> Result<(), alta_sim::Error> {
//! use alta_sim::Sim;
//!
//! let sim = Sim::builder().start().await?;
//! let ashwick = sim.player_joins(sim.server(), "Ashwick")?;
//! sim.player_moves(sim.server(), ashwick, "Cave Layer 3")?;
//! println!("{} {} {}", sim.token_url(), sim.rest_url(), sim.socket_url());
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
//! ```
//!
//! The world holds one bot account ([`Sim::bot`]), one user account ([`Sim::user`]), a group ([`Sim::group`]) and a
//! server of it ([`Sim::server`]); [`setup`] has other ones. It changes when a test drives it, or by itself with [`Scenario::Town`]. [`Sim::received`] is the
//! journal of everything that clients sent; [`Sim::sent_console_events`] counts the events that were sent to them.
//! [`Sim::faults`] arms faults. [`Sim::advance`] moves the clock: tokens expire, heartbeats are sent, and players go on along the
//! paths that [`Sim::player_follows`] has given them.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `program` (default) | the program `alta-sim`, and its arguments for another program; includes `control` and `tls` |
//! | `control` (default) | [`Sim::serve_control`]: HTTP and JSON for tests in any language |
//! | `tls` | TLS for REST and the main websocket |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accounts;
pub mod action;
#[cfg(feature = "control")]
mod advice;
mod agenda;
mod builder;
mod commands;
mod config;
mod console;
#[cfg(feature = "control")]
mod control;
mod drive;
mod error;
mod listen;
mod observe;
#[cfg(feature = "program")]
pub mod program;
mod reserve;
mod samples;
mod secret_file;
pub mod setup;
mod shared;
mod sim;
mod state;
mod stop;
mod tls;
mod town;
mod world;

pub use accounts::{BotAccount, UserAccount};
pub use alta_cloud::net::{
    Action, ClientAction, Fault, Faults, Hook, HttpReply, HttpRequest, Junk, Received, Sent,
    SentTo, Service,
};
pub use alta_cloud::state::{Era, ServerInfo};
pub use builder::Builder;
pub use config::Scenario;
pub use drive::entities::Entity;
pub use error::{Error, ErrorKind};
pub use observe::Message;
pub use sim::Sim;
pub use world::{LogLevel, LogLine, Slot, Waypoint};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
