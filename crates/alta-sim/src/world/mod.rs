//! The simulated world: the cloud's state, and on every server its players, entities and settings.
//!
//! This module does no I/O. Events of consoles are kept until [`World::take_events`] is called.

mod entities;
mod events;
mod inventory;
mod log;
mod map;
mod missing;
mod player;
mod players;
mod saved;
mod server;
mod state;
mod stats;
mod steps;
mod walk;

pub(crate) use entities::{Entity, Item};
pub use inventory::Slot;
pub use log::{LogLevel, LogLine};
pub(crate) use map::Chunk;
pub(crate) use missing::Missing;
pub(crate) use player::Player;
pub(crate) use saved::Saved;
pub(crate) use server::{GameServer, Selections, ShownMessage};
pub(crate) use state::{ConsoleEvent, World};
pub(crate) use stats::Stats;
pub use walk::Waypoint;
