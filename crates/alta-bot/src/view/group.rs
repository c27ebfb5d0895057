use super::known::{Known, Membership};
use alta_model::{
    GroupDetailed, GroupId, Member, Permission, Role, RoleId, Server, ServerId, Timestamp, User,
    UserId,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A group that the bot belongs to, as it was when it was looked at. Cheap to clone; it doesn't change any more.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GroupView {
    /// The group, with its roles. Its list of servers is as old as the last reading over REST; [`servers`](Self::servers)
    /// is kept up to date.
    pub group: Arc<GroupDetailed>,
    /// The bot's own membership.
    pub me: Arc<Member>,
    /// The members that are known, by their ids; only the bot itself if
    /// [`ViewConfig::members`](crate::ViewConfig::members) is off. Ask [`member`](Self::member) for one of them, who may not be
    /// known yet.
    pub members: Arc<BTreeMap<UserId, Member>>,
    /// Whether these are all members: they have been read over REST since the bot joined, each of them.
    pub members_known: bool,
    /// The servers by their ids.
    pub servers: BTreeMap<ServerId, Arc<ServerView>>,
    /// Whether the group and its members have been read over REST since the bot joined, and each of its servers was asked
    /// for. One that could not be read holds up nobody: its state is [not known](ServerView::known), and it is asked for
    /// again by itself.
    pub complete: bool,
}

impl GroupView {
    /// The group's id.
    pub fn id(&self) -> GroupId {
        self.group.id
    }

    /// The group's name; empty if the service has told none.
    pub fn name(&self) -> &str {
        &self.group.name
    }

    /// The role that the bot has in the group, as far as the roles are known.
    pub fn role(&self) -> Option<&Role> {
        self.group.role(self.me.role_id?)
    }

    /// Whether the bot's role holds the permission.
    pub fn permits(&self, permission: &Permission) -> bool {
        self.group.permits(&self.me, permission)
    }

    /// A member, or that there is none, or that it is not known yet.
    pub fn member(&self, user: UserId) -> Membership<'_> {
        match self.members.get(&user) {
            Some(member) => Membership::Known(member),
            None if self.members_known => Membership::Absent,
            None => Membership::NotKnownYet,
        }
    }

    /// Whether somebody's role is this one or more; see [`GroupDetailed::is_at_least`]. False for somebody who is no
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

/// A server of a group, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerView {
    /// The server's id.
    pub id: ServerId,
    /// The group it belongs to.
    pub group: GroupId,
    /// The server's name; empty if the service has told none.
    pub name: String,
    /// Whether it runs, by whatever told of it last: an event, a heartbeat, its console, a reading over REST. False while
    /// that is not [known](Self::known).
    pub is_online: bool,
    /// How that is known; none if it is not known yet, since nothing told of it and it could not be read.
    pub known: Option<Known>,
    /// Whether that may be outdated: its heartbeats have stopped, or events were missed, and nothing has told of it since. It
    /// counts as before until then.
    pub is_stale: bool,
    /// The last record of it; none before the first was read. Players who left when the server stopped may still be in
    /// it: ask [`players`](Self::players).
    pub record: Option<Arc<Server>>,
    /// When that record came.
    pub heard: Option<Timestamp>,
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
            heard: None,
        }
    }

    /// Who plays on it, as the service has told; nobody while it is offline. The list may lag behind
    /// [`player_count`](Self::player_count).
    pub fn players(&self) -> &[User] {
        match &self.record {
            Some(record) if self.is_online => &record.online_players,
            _ => &[],
        }
    }

    /// How many play on it.
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
