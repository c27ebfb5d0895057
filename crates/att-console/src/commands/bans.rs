//! `bans …`: who may not come in.

use crate::argument::{Argument, Target};
use crate::command::Command;

/// Bans a player from the server.
///
/// `bans from-server <player: UserInfoAccess> <duration: int> <reason: text>`: what it returns is not attested. Seen in
/// bots alone; the unit of the duration is not attested. Types are inferred from the parameters' names. Attested by
/// att-client.
#[doc(alias = "bans from-server")]
pub fn from_server(
    player: impl Into<Target>,
    duration: u32,
    reason: impl Into<Argument>,
) -> Command {
    Command::new("bans from-server")
        .arg(Argument::player(player.into()))
        .arg(duration)
        .arg(reason)
}
