//! The players that a command addresses.

use super::text::{is_a_number, is_blank};
use super::{Argument, Problem, abbreviated};
use alta_model::console::result::PlayerDetailed;
use alta_model::{User, UserId};

/// One player, by id or by name: the server's `Player` and `UserInfoAccess`.
///
/// An id is always safe; a player record converts to its id. A name is an error if the server can read it as something else: as
/// a list (a comma), as everyone (`*`), or as an id (digits, also with a sign).
///
/// A command for one player takes neither everyone nor a list:
///
/// ```compile_fail,E0277
/// use att_console::{Target, commands::player};
///
/// player::detailed(Target::Everyone);
/// ```
///
/// A place or an entity is not a player:
///
/// ```compile_fail,E0277
/// use att_console::commands::{SpawnArea, player};
///
/// player::detailed(SpawnArea::Home);
/// ```
///
/// ```compile_fail,E0277
/// use att_console::commands::player;
///
/// player::detailed(alta_model::EntityId::new(51_234));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlayerRef {
    /// The player with this id.
    Id(UserId),
    /// The player with this name.
    Name(String),
}

/// One player, several or everyone: the server's `PlayerList`.
///
/// A name is checked as in a [`PlayerRef`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The player with this id.
    Id(UserId),
    /// The player with this name.
    Name(String),
    /// Several players, by id.
    Ids(Vec<UserId>),
    /// Everyone on the server.
    Everyone,
}

impl Target {
    /// Several players, by id: `1,2,3` on the wire.
    pub fn ids(ids: impl IntoIterator<Item = UserId>) -> Self {
        Self::Ids(ids.into_iter().collect())
    }
}

impl From<Target> for Argument {
    fn from(target: Target) -> Self {
        match target {
            Target::Id(id) => id.into(),
            Target::Name(name) => named(&name),
            Target::Everyone => Self::bare("*".to_owned()),
            Target::Ids(ids) if ids.is_empty() => Self::failed(Problem::Nobody),
            Target::Ids(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                Self::bare(ids.join(","))
            }
        }
    }
}

impl From<PlayerRef> for Argument {
    fn from(player: PlayerRef) -> Self {
        match player {
            PlayerRef::Id(id) => id.into(),
            PlayerRef::Name(name) => named(&name),
        }
    }
}

/// A player's name, in quotes; an error if the server can read something else in it.
fn named(name: &str) -> Argument {
    let refused = |why| {
        let name = abbreviated(name);
        Argument::failed(Problem::Target { name, why })
    };
    let trimmed = name.trim();
    if is_blank(trimmed) {
        return refused("it is empty");
    }
    if name.contains(',') {
        return refused("a comma makes it a list");
    }
    if trimmed == "*" {
        return refused("it means everyone");
    }
    if is_a_number(trimmed) {
        return refused("digits are read as an id");
    }
    match Argument::text(name).into_written() {
        Ok(written) => Argument::bare(written),
        Err(Problem::Character { character, text }) => Argument::failed(Problem::NameCharacter {
            character,
            name: text,
        }),
        Err(other) => Argument::failed(other),
    }
}

macro_rules! from_one_player {
    ($($player:ident),*) => {
        $(
            impl From<UserId> for $player {
                fn from(id: UserId) -> Self {
                    Self::Id(id)
                }
            }

            impl From<&User> for $player {
                fn from(user: &User) -> Self {
                    Self::Id(user.id)
                }
            }

            impl From<User> for $player {
                fn from(user: User) -> Self {
                    Self::Id(user.id)
                }
            }

            impl From<&PlayerDetailed> for $player {
                fn from(player: &PlayerDetailed) -> Self {
                    Self::Id(player.id)
                }
            }

            impl From<&str> for $player {
                fn from(name: &str) -> Self {
                    Self::Name(name.to_owned())
                }
            }

            impl From<String> for $player {
                fn from(name: String) -> Self {
                    Self::Name(name)
                }
            }
        )*
    };
}

from_one_player!(PlayerRef, Target);

impl From<PlayerRef> for Target {
    fn from(player: PlayerRef) -> Self {
        match player {
            PlayerRef::Id(id) => Self::Id(id),
            PlayerRef::Name(name) => Self::Name(name),
        }
    }
}

impl From<Vec<UserId>> for Target {
    fn from(ids: Vec<UserId>) -> Self {
        Self::Ids(ids)
    }
}

impl From<&[User]> for Target {
    fn from(users: &[User]) -> Self {
        users.iter().map(|user| user.id).collect()
    }
}

impl From<&Vec<User>> for Target {
    fn from(users: &Vec<User>) -> Self {
        users.as_slice().into()
    }
}

impl FromIterator<UserId> for Target {
    fn from_iter<I: IntoIterator<Item = UserId>>(ids: I) -> Self {
        Self::ids(ids)
    }
}
