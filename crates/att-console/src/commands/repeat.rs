//! `repeat …`: the last command again.
//!
//! Which command was the last is the server's memory, shared by whoever sends on this console.

use crate::argument::Argument;
use crate::command::Command;
use crate::reply::Reply;
use std::time::Duration;

/// Repeats the last command.
///
/// `repeat <count: int> <intervalInSeconds: float> [isLoggingProgress: bool]`: what it returns is not attested. The
/// interval is in seconds. Types are inferred from the parameters' names. Attested by TavernLauncher's list and
/// att-client.
#[doc(alias = "repeat")]
pub fn last_command(count: u32, interval: Duration) -> LastCommand {
    let command = Command::new("repeat").arg(Argument::count(count, 1..=u32::MAX));
    LastCommand::new(command.arg(interval.as_secs_f64()))
}

optional_arguments! {
    /// What [`last_command`] makes.
    pub struct LastCommand -> Reply {
        /// Whether each time is logged. The server's default is not attested.
        logging(is_logging: bool) => is_logging.into(), else "false";
    }
}

/// Repeats the last command once.
///
/// `repeat last`: what it returns is not attested. What it does is inferred from its name. Attested by TavernLauncher's
/// list.
#[doc(alias = "repeat last")]
pub fn once() -> Command {
    Command::new("repeat last")
}

/// Stops one repetition.
///
/// `repeat stop <id: int>`: what it returns is not attested. What it does is inferred from its name. Types are inferred
/// from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "repeat stop")]
pub fn stop(id: u32) -> Command {
    Command::new("repeat stop").arg(id)
}

/// Stops all repetitions.
///
/// `repeat stopall`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "repeat stopall")]
pub fn stop_all() -> Command {
    Command::new("repeat stopall")
}
