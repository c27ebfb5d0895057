//! The things that exist at the start.

use crate::action::Reference;
use serde::Deserialize;
use std::path::PathBuf;

/// A group at the start.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Group {
    /// The name.
    pub name: String,
    /// The id; otherwise the next free one.
    pub id: Option<u64>,
    /// The description.
    pub description: Option<String>,
    /// `Open`, `Public` or `Private` (default).
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The name of the owner, by default the first user. The owner is a member with the role `Owner`.
    pub owner: Option<String>,
    /// Roles in addition to those of every group, which are `Member`, `Moderator` and `Owner`.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// The members except the owner.
    #[serde(default)]
    pub members: Vec<Member>,
    /// The names of invited users and bots.
    #[serde(default)]
    pub invited: Vec<String>,
    /// The names of users and bots that request to join.
    #[serde(default)]
    pub requests: Vec<String>,
    /// The names of banned users and bots.
    #[serde(default)]
    pub banned: Vec<String>,
    /// The servers.
    #[serde(default)]
    pub servers: Vec<Server>,
}

impl Group {
    /// A private group with a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// A role of a group's own.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Role {
    /// The name.
    pub name: String,
    /// The id; otherwise the next free one from 3 on.
    pub id: Option<u64>,
    /// The permissions, such as `Console`.
    pub permissions: Vec<String>,
}

/// A member of a group.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Member {
    /// The name of a user or a bot.
    pub user: String,
    /// The id or the name of the role, by default `Member`.
    #[serde(default)]
    pub role: Option<Reference>,
}

/// A server at the start: of a group, or a self-hosted one, which has a console and a token, and which the cloud does not know.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Server {
    /// The name.
    pub name: String,
    /// The id; otherwise the next free one.
    pub id: Option<u64>,
    /// `false` if the server is offline at the start.
    pub online: Option<bool>,
    /// The port of the console at every start; real self-hosted servers have 1760. Otherwise it is the next one, and a server of a group
    /// gets another one after a restart.
    pub port: Option<u16>,
    /// Self-hosted servers: the token of the console. Without it, the token follows the seed and the id.
    pub token: Option<String>,
    /// Self-hosted servers: the folder for `console_token.txt`, which must exist. Without it,
    /// [`Sim::write_console_token`](crate::Sim::write_console_token) writes the file.
    pub token_folder: Option<PathBuf>,
    /// The description. Like the following fields except the players, it is for a server of a group.
    pub description: Option<String>,
    /// `att-release` for PC (default), `att-quest` for Quest.
    pub fleet: Option<String>,
    /// Such as `north-america-agones`.
    pub region: Option<String>,
    /// Such as `main-1.6.0.0.40940`.
    pub version: Option<String>,
    /// 0 for the PC world, 4 for the Quest world.
    pub scene_index: Option<u64>,
    /// 1 for PC, 2 for Quest.
    pub target: Option<u64>,
    /// Such as `PrivateGroup`.
    pub join_type: Option<String>,
    /// The limit of players.
    pub player_limit: Option<u64>,
    /// The players who are on the server.
    #[serde(default)]
    pub players: Vec<Player>,
}

impl Server {
    /// An online server with a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// A player who is on a server at the start.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Player {
    /// The name. It needs no account; with one, the player has its id.
    pub name: String,
    /// The chunk, such as `Cave Layer 3`.
    pub chunk: Option<String>,
    /// The position, in meters.
    pub position: Option<[f64; 3]>,
}

impl Player {
    /// A player with a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// The things of a simulator at its start, in addition to the default ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) groups: Vec<Group>,
    pub(crate) self_hosted: Vec<Server>,
}
