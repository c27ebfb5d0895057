//! The usual commands, with their arguments as values and their results typed.
//!
//! A function for each command, in a module for each module of the console; `player message` is [`player::message`].
//! What they are, and what else a console has, is in the [`catalogue`](crate::catalogue); what has no function here is
//! written as [`Command::new`](crate::Command::new) with its path and arguments.
//!
//! ```
//! use att_console::{Command, commands::{player, trade}, Target};
//! use std::time::Duration;
//!
//! let line = |command: Command<()>| command.to_string();
//! let greeting = player::message("Ashwick", "Welcome").duration(Duration::from_secs(5));
//! assert_eq!(line(greeting.into()), r#"player message "Ashwick" "Welcome" 5"#);
//! assert_eq!(line(player::kill(Target::Everyone)), "player kill *");
//! assert_eq!(line(trade::atm().add("Ashwick", -40)), r#"trade atm add "Ashwick" -40"#);
//! ```
//!
//! Arguments that may be left out are set by name, as the duration is here. Durations are in seconds, positions in
//! metres, angles in degrees. What a command returns beyond its type is in the whole answer:
//! [`returning_reply`](crate::Command::returning_reply), and [`Reply::read`](crate::Reply::read) then gives the type.
//! Where nobody attests what a command returns, the answer itself, a [`Reply`](crate::Reply), is the result.
//!
//! Whom a command is for is a [`Target`](crate::Target); one for a single player refuses everyone and lists before anything
//! is sent.
//!
//! Commands that destroy saved data or end the server, and those of the game client, have no function on purpose.

/// Declares a command with arguments that may be left out, as a type with a setter for each, in their order.
macro_rules! optional_arguments {
    (
        $(#[$meta:meta])*
        pub struct $name:ident -> $result:ty {
            $(
                $(#[$setter_meta:meta])*
                $setter:ident($value:ident: $given:ty) => $argument:expr, else $default:literal
            );+ $(;)?
        }
    ) => {
        $(#[$meta])*
        ///
        /// It is a command with or without them: give it to [`Console::command`](crate::Console::command).
        #[derive(Clone, Debug)]
        #[must_use = "a command does nothing until it is given to a console"]
        pub struct $name {
            command: crate::command::Command<$result>,
            $( $setter: Option<crate::argument::Argument>, )+
        }

        impl $name {
            fn new(command: crate::command::Command<$result>) -> Self {
                Self { command, $( $setter: None, )+ }
            }

            $(
                $(#[$setter_meta])*
                pub fn $setter(mut self, $value: $given) -> Self {
                    self.$setter = Some($argument);
                    self
                }
            )+

            /// The same command with the whole answer for a result.
            pub fn returning_reply(self) -> crate::command::Command<crate::reply::Reply> {
                crate::command::Command::from(self).returning_reply()
            }
        }

        impl From<$name> for crate::command::Command<$result> {
            fn from(options: $name) -> Self {
                crate::commands::with_trailing(options.command, [$( (options.$setter, $default) ),+])
            }
        }

        impl std::fmt::Display for $name {
            /// The line as it is sent, or what is wrong with it.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::command::Command::from(self.clone()).fmt(f)
            }
        }
    };
}

pub mod bans;
pub mod chunks;
pub mod debug;
pub mod festivities;
pub mod help;
pub mod player;
pub mod population;
pub mod progression;
mod read;
pub mod repeat;
pub mod save;
pub mod select;
pub mod settings;
pub mod spawn;
pub mod time;
pub mod trade;
pub mod wacky;
pub mod websocket;
mod words;
pub mod world;

pub use words::{Prefab, ProgressionPath, SpawnArea, Stat, StatApplication, UnknownPlace};

use crate::argument::Argument;
use crate::command::Command;

/// Adds arguments up to the last one given, with their defaults for those left out before it.
fn with_trailing<T, const N: usize>(
    command: Command<T>,
    options: [(Option<Argument>, &str); N],
) -> Command<T> {
    let given = options.iter().rposition(|(value, _)| value.is_some());
    let written = options.into_iter().take(given.map_or(0, |last| last + 1));
    written.fold(command, |command, (value, default)| {
        command.arg(value.unwrap_or_else(|| Argument::bare(default.to_owned())))
    })
}

#[cfg(test)]
mod tests;
