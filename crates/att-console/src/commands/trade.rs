//! `trade …`: balances and mail.

use super::spawn::MAX_COUNT;
use super::{Prefab, read};
use crate::argument::{Argument, Target};
use crate::command::Command;

/// Players' balances.
#[doc(alias = "trade atm")]
pub fn atm() -> Atm {
    Atm
}

/// `trade atm …`: players' balances. Made by [`atm`].
#[derive(Clone, Copy, Debug)]
#[must_use = "it does nothing by itself"]
#[non_exhaustive]
pub struct Atm;

#[allow(
    clippy::unused_self,
    reason = "so that it reads like the console's own words"
)]
impl Atm {
    /// Tells a player's balance.
    ///
    /// `trade atm get <user: UserInfoAccess>`: returns `int`. Types are inferred from the parameters' names. Attested
    /// by TavernLauncher's list and vagabot.
    #[doc(alias = "trade atm get")]
    pub fn get(self, player: impl Into<Target>) -> Command<i64> {
        let player = Argument::player(player.into());
        Command::new("trade atm get").arg(player).read_by(read::one)
    }

    /// Adds to a player's balance; a negative amount takes from it.
    ///
    /// `trade atm add <user: UserInfoAccess> <quantityToAdd: int>`: returns nothing. Two programs that read and then
    /// write undo each other: adding is safer than setting. Types are inferred from the parameters' names. Attested by
    /// TavernLauncher's list and vagabot.
    #[doc(alias = "trade atm add")]
    pub fn add(self, player: impl Into<Target>, quantity: i64) -> Command<()> {
        let player = Argument::player(player.into());
        let command = Command::new("trade atm add").arg(player);
        command.arg(quantity).returning_nothing()
    }

    /// Sets a player's balance.
    ///
    /// `trade atm set <user: UserInfoAccess> <quantity: int>`: returns nothing. Types are inferred from the parameters'
    /// names. Attested by TavernLauncher's list and vagabot.
    #[doc(alias = "trade atm set")]
    pub fn set(self, player: impl Into<Target>, quantity: i64) -> Command<()> {
        let player = Argument::player(player.into());
        let command = Command::new("trade atm set").arg(player);
        command.arg(quantity).returning_nothing()
    }
}

/// Sends items to a player's mailbox.
///
/// `trade post <user: UserInfoAccess> <prefab: Prefab> [count: int] [arguments: arguments]`: returns nothing. Types are
/// inferred from the parameters' names. Attested by TavernLauncher's list and vagabot.
#[doc(alias = "trade post")]
pub fn post(player: impl Into<Target>, prefab: impl Into<Prefab>) -> Post {
    let player = Argument::player(player.into());
    let command = Command::new("trade post").arg(player).arg(prefab.into());
    Post::new(command.returning_nothing())
}

optional_arguments! {
    /// What [`post`] makes.
    pub struct Post -> () {
        /// How many, 1 to [`MAX_COUNT`]. One by default.
        count(count: u32) => Argument::count(count, 1..=MAX_COUNT), else "1";
    }
}

/// Sends what a save string describes to a player's mailbox.
///
/// `trade post-string <user: UserInfoAccess> <value: save string>`: what it returns is not attested. What it does is
/// inferred from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "trade post-string")]
pub fn post_string(player: impl Into<Target>, save: impl AsRef<str>) -> Command {
    let player = Argument::player(player.into());
    let save = Argument::save_string(save.as_ref());
    Command::new("trade post-string").arg(player).arg(save)
}
