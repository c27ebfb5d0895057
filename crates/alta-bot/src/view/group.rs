use super::known::{Known, Membership};
use alta_model::{
    GroupDetailed, GroupId, Member, Permission, Role, RoleId, Server, ServerId, Timestamp, User,
    UserId,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A snapshot of a group that the bot belongs to. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GroupView {
    /// The group, with its roles. Its list of servers is from the last reading over REST; [`servers`](Self::servers) is newer.
    pub group: Arc<GroupDetailed>,
    /// The bot's own membership.
    pub me: Arc<Member>,
    /// The known members by user id; only the bot itself if [`ViewConfig::members`](crate::ViewConfig::members) is false.
    /// [`member`](Self::member) also distinguishes an unknown member from an absent one.
    pub members: Arc<BTreeMap<UserId, Member>>,
    /// True if [`members`](Self::members) contains all members: the list was read completely since the bot joined.
    pub members_known: bool,
    /// The servers by id.
    pub servers: BTreeMap<ServerId, Arc<ServerView>>,
    /// True if the group and its members were read over REST since the bot joined, and a reading of each server was tried. A
    /// server that cannot be read does not delay the group: its state is [unknown](ServerView::known), and it is read again.
    pub complete: bool,
}

impl GroupView {
    /// The group's id.
    pub fn id(&self) -> GroupId {
        self.group.id
    }

    /// The group's name; empty if the service has sent none.
    pub fn name(&self) -> &str {
        &self.group.name
    }

    /// The bot's role in the group, if it is among the known roles.
    pub fn role(&self) -> Option<&Role> {
        self.group.role(self.me.role_id?)
    }

    /// Returns whether the bot's role includes the permission.
    pub fn permits(&self, permission: &Permission) -> bool {
        self.group.permits(&self.me, permission)
    }

    /// The member with this id, or whether the user is no member or not known yet.
    pub fn member(&self, user: UserId) -> Membership<'_> {
        match self.members.get(&user) {
            Some(member) => Membership::Known(member),
            None if self.members_known => Membership::Absent,
            None => Membership::NotKnownYet,
        }
    }

    /// Returns whether a user has this role or a higher one; see [`GroupDetailed::is_at_least`]. False for a user who is no
    /// [`member`](Self::member) or not known yet.
    pub fn is_at_least(&self, user: UserId, role: RoleId) -> bool {
        let member = self.member(user).known();
        member.is_some_and(|member| self.group.is_at_least(member, role))
    }

    /// The servers that are online.
    pub fn online_servers(&self) -> impl Iterator<Item = &Arc<ServerView>> {
        self.servers.values().filter(|server| server.is_online)
    }
}

/// A snapshot of a server of a group.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerView {
    /// The server's id.
    pub id: ServerId,
    /// The group of the server.
    pub group: GroupId,
    /// The server's name; empty if the service has sent none.
    pub name: String,
    /// True if the server runs, according to the latest source: an event, a heartbeat, its console or a reading over REST. False
    /// while that is not [known](Self::known).
    pub is_online: bool,
    /// The source of that state; `None` if the state is unknown, since no event has reported it and it could not be read.
    pub known: Option<Known>,
    /// True if that may be outdated: its heartbeats have stopped, or events were missed, and no source has reported its state
    /// since. Until then, the old state counts.
    pub is_stale: bool,
    /// The latest record of the server; `None` before the first. It may contain players who left when the server stopped; use
    /// [`players`](Self::players).
    pub record: Option<Arc<Server>>,
    /// When that record arrived.
    pub record_at: Option<Timestamp>,
    /// True if a reading of it has succeeded or failed.
    pub(crate) is_tried: bool,
}

impl ServerView {
    pub(crate) fn new(id: ServerId, group: GroupId, name: &str) -> Self {
        Self {
            id,
            group,
            name: name.to_owned(),
            is_online: false,
            known: None,
            is_stale: false,
            record: None,
            record_at: None,
            is_tried: false,
        }
    }

    /// The players on the server, from its latest record; empty while it is offline. The list may be older than
    /// [`player_count`](Self::player_count).
    pub fn players(&self) -> &[User] {
        match &self.record {
            Some(record) if self.is_online => &record.online_players,
            _ => &[],
        }
    }

    /// The number of players on the server; 0 while it is offline.
    pub fn player_count(&self) -> usize {
        let Some(record) = self.record.as_ref().filter(|_| self.is_online) else {
            return 0;
        };
        record
            .player_count
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or_default()
            .max(record.online_players.len())
    }
}
