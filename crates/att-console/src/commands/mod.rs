//! The usual commands, with values as arguments and typed results.
//!
//! Each command is a function, in a module named after the module of the console: `player message` is
//! [`player::message`]. The [`catalogue`](crate::catalogue) lists these commands, and all others that a console has; write a
//! command without a function as [`Command::new`](crate::Command::new) with its path and arguments.
//!
//! ```
//! use att_console::{Command, commands::{player, trade}, Target};
//! use std::time::Duration;
//!
//! let line = |command: Command<()>| command.to_string();
//! let greeting = player::message("Ashwick", "Welcome").duration(Duration::from_secs(5));
//! assert_eq!(line(greeting.into()), r#"player message "Ashwick" "Welcome" 5"#);
//! assert_eq!(line(player::kill(Target::Everyone)), "player kill *");
//! assert_eq!(line(trade::atm::add("Ashwick", -40)), r#"trade atm add "Ashwick" -40"#);
//! ```
//!
//! Optional arguments are set by name, such as `duration` above. Durations are [`Duration`](std::time::Duration)s, positions
//! are in meters, angles in degrees. [`returning_reply`](crate::Command::returning_reply) returns the whole reply;
//! [`Reply::read`](crate::Reply::read) then reads the typed result. If no source says what a command returns, the whole
//! [`Reply`](crate::Reply) is the result.
//!
//! A command for several players takes a [`Target`](crate::Target), a command for one player a
//! [`PlayerRef`](crate::PlayerRef).
//!
//! Some commands have no function: those that destroy saved data or stop the server, those of the game client, and those
//! whose effect and result no source describes. They are in the catalogue only.

pub(crate) mod argument;
pub(crate) mod command;
pub(crate) mod declaration;
#[macro_use]
mod parameter;
#[macro_use]
mod result;
#[macro_use]
mod declare;
mod read;

pub mod bans;
mod catalogue_only;
pub mod chunks;
pub mod debug;
pub mod festivities;
mod game_client;
pub mod help;
pub mod player;
pub mod progression;
pub mod repeat;
pub mod save;
pub mod select;
pub mod settings;
pub mod spawn;
pub mod time;
pub mod trade;
pub mod wacky;
pub mod websocket;

#[macro_use]
mod words;
mod chunk;
mod prefab;
mod spawn_area;

pub use chunk::Chunk;
use declaration::Declaration;
pub use prefab::Prefab;
pub use spawn_area::{SpawnArea, UnknownPlace};
pub use words::{ProgressionPath, Stat, StatApplication};

/// All commands, in the order of the catalogue: those of a console's module together.
pub(crate) const DECLARATIONS: &[&[Declaration]] = &[
    player::DECLARATIONS,
    progression::DECLARATIONS,
    select::DECLARATIONS,
    spawn::DECLARATIONS,
    trade::DECLARATIONS,
    trade::atm::DECLARATIONS,
    time::DECLARATIONS,
    wacky::DECLARATIONS,
    websocket::DECLARATIONS,
    bans::DECLARATIONS,
    chunks::DECLARATIONS,
    debug::DECLARATIONS,
    festivities::DECLARATIONS,
    help::DECLARATIONS,
    repeat::DECLARATIONS,
    save::DECLARATIONS,
    settings::DECLARATIONS,
    catalogue_only::DECLARATIONS,
    game_client::DECLARATIONS,
];

#[cfg(test)]
mod tests;
