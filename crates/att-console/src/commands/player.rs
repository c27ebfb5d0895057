//! `player …`: who is there, and what is done to them.

use crate::argument::{Argument, Target};
use crate::command::Command;
use alta_model::User;
use alta_model::console::result::PlayerDetailed;
use std::time::Duration;

/// Everyone on the server.
#[doc(alias = "player list")]
pub fn list() -> Command<Vec<User>> {
    Command::new("player list").returning_list()
}

/// Everyone on the server with position, head, hands and chunk.
#[doc(alias = "player list-detailed")]
pub fn list_detailed() -> Command<Vec<PlayerDetailed>> {
    Command::new("player list-detailed").returning_list()
}

/// Shows a text to players for a while.
///
/// A player who joined less than about 15 s ago does not see it yet. Succeeds also if nobody was there to see it.
#[doc(alias = "player message")]
pub fn message(players: impl Into<Target>, text: impl Into<Argument>) -> Command<()> {
    message_for(players, text, Duration::from_secs(10))
}

/// Shows a text to players for as long as given.
#[doc(alias = "player message")]
pub fn message_for(
    players: impl Into<Target>,
    text: impl Into<Argument>,
    duration: Duration,
) -> Command<()> {
    Command::new("player message")
        .arg(players.into())
        .arg(text)
        .arg(duration.as_secs_f64())
        .returning_nothing()
}

/// Kills players.
#[doc(alias = "player kill")]
pub fn kill(players: impl Into<Target>) -> Command<()> {
    Command::new("player kill")
        .arg(players.into())
        .returning_nothing()
}
