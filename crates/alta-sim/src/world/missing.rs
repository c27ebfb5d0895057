use alta_cloud::state::Membership;
use std::fmt;

/// Something that does not exist, with what is needed to name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Missing {
    Server(u64),
    Player {
        server: u64,
        player: u64,
    },
    Entity {
        server: u64,
        entity: u64,
    },
    Prefab(String),
    Group(u64),
    Member {
        group: u64,
        user: u64,
    },
    Role {
        group: u64,
        role: u64,
    },
    /// A user of this name whose membership is in this state.
    Named {
        username: String,
        from: Membership,
        group: u64,
    },
    Connection(u64),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(server) => write!(f, "there is no server {server}"),
            Self::Player { server, player } => {
                write!(f, "there is no player {player} on server {server}")
            }
            Self::Entity { server, entity } => {
                write!(f, "there is no entity {entity} on server {server}")
            }
            Self::Prefab(prefab) => write!(f, "there is no prefab {prefab:?}"),
            Self::Group(group) => write!(f, "there is no group {group}"),
            Self::Member { group, user } => write!(f, "user {user} is no member of group {group}"),
            Self::Role { group, role } => write!(f, "there is no role {role} in group {group}"),
            Self::Named {
                username,
                from,
                group,
            } => write!(
                f,
                "there is no user {username:?} with the membership {from:?} in group {group}"
            ),
            Self::Connection(connection) => write!(f, "there is no open connection {connection}"),
        }
    }
}
