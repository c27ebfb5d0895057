use super::{GroupView, ServerView};
use alta_model::{GroupId, ServerId, UserId};
use std::sync::Arc;

/// A change in a [`View`](crate::View). It names the changed part; the view contains the new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// The bot belongs to a group.
    GroupJoined(GroupId),
    /// The bot no longer belongs to a group.
    GroupLeft(GroupId),
    /// A group has another name, description or list of roles, or another such field, or it was read completely for the first
    /// time.
    GroupChanged(GroupId),
    /// The bot has another role in a group, or its role has other permissions.
    RoleChanged(GroupId),
    /// A user is a new member, or was found to be a member.
    MemberJoined(GroupId, UserId),
    /// A user is no longer a member.
    MemberLeft(GroupId, UserId),
    /// A member has another role or name, or another such field.
    MemberChanged(GroupId, UserId),
    /// A group has a new server, or was found to have it.
    ServerAdded(GroupId, ServerId),
    /// A group no longer has a server.
    ServerRemoved(GroupId, ServerId),
    /// A server runs, or was found to run.
    ServerOnline(GroupId, ServerId),
    /// A server no longer runs, or was found not to run.
    ServerOffline(GroupId, ServerId),
    /// A server has another name, version or region, or another such field.
    ServerChanged(GroupId, ServerId),
    /// Other players are on a server.
    PlayersChanged(GroupId, ServerId),
}

impl Change {
    /// The group of the change.
    pub fn group(&self) -> GroupId {
        match *self {
            Self::GroupJoined(group)
            | Self::GroupLeft(group)
            | Self::GroupChanged(group)
            | Self::RoleChanged(group)
            | Self::MemberJoined(group, _)
            | Self::MemberLeft(group, _)
            | Self::MemberChanged(group, _)
            | Self::ServerAdded(group, _)
            | Self::ServerRemoved(group, _)
            | Self::ServerOnline(group, _)
            | Self::ServerOffline(group, _)
            | Self::ServerChanged(group, _)
            | Self::PlayersChanged(group, _) => group,
        }
    }

    /// The server of the change, if it concerns one.
    pub fn server(&self) -> Option<ServerId> {
        match *self {
            Self::ServerAdded(_, server)
            | Self::ServerRemoved(_, server)
            | Self::ServerOnline(_, server)
            | Self::ServerOffline(_, server)
            | Self::ServerChanged(_, server)
            | Self::PlayersChanged(_, server) => Some(server),
            _ => None,
        }
    }
}

/// The changes from one state of a group to another, with any cause.
pub(super) fn between(old: Option<&GroupView>, new: Option<&GroupView>) -> Vec<Change> {
    let mut changes = Vec::new();
    match (old, new) {
        (None, None) => {}
        (Some(old), None) => changes.push(Change::GroupLeft(old.id())),
        (None, Some(new)) => {
            changes.push(Change::GroupJoined(new.id()));
            members(None, new, &mut changes);
            servers(None, new, &mut changes);
        }
        (Some(old), Some(new)) => {
            let id = new.id();
            if old.complete != new.complete || is_other_group(old, new) {
                changes.push(Change::GroupChanged(id));
            }
            if old.me.role_id != new.me.role_id || old.role() != new.role() {
                changes.push(Change::RoleChanged(id));
            }
            members(Some(old), new, &mut changes);
            servers(Some(old), new, &mut changes);
        }
    }
    changes
}

/// Returns whether the group itself has changed, apart from its list of servers.
fn is_other_group(old: &GroupView, new: &GroupView) -> bool {
    if Arc::ptr_eq(&old.group, &new.group) {
        return false;
    }
    let (a, b) = (&old.group, &new.group);
    a.name != b.name
        || a.description != b.description
        || a.r#type != b.r#type
        || a.tags != b.tags
        || a.roles != b.roles
        || a.member_count != b.member_count
        || a.allowed_servers_count != b.allowed_servers_count
}

fn members(old: Option<&GroupView>, new: &GroupView, changes: &mut Vec<Change>) {
    let id = new.id();
    if old.is_some_and(|old| Arc::ptr_eq(&old.members, &new.members)) {
        return;
    }
    let before = |user: &UserId| old.and_then(|old| old.members.get(user));
    for (user, member) in &*new.members {
        match before(user) {
            None => changes.push(Change::MemberJoined(id, *user)),
            Some(old) if old != member => changes.push(Change::MemberChanged(id, *user)),
            Some(_) => {}
        }
    }
    let gone = old.into_iter().flat_map(|old| old.members.keys());
    changes.extend(
        gone.filter(|user| !new.members.contains_key(user))
            .map(|user| Change::MemberLeft(id, *user)),
    );
}

fn servers(old: Option<&GroupView>, new: &GroupView, changes: &mut Vec<Change>) {
    let id = new.id();
    for (server, now) in &new.servers {
        let before = old.and_then(|old| old.servers.get(server));
        let Some(before) = before else {
            changes.push(Change::ServerAdded(id, *server));
            changes.extend(state(now));
            continue;
        };
        if Arc::ptr_eq(before, now) {
            continue;
        }
        if state(before) != state(now) {
            changes.extend(state(now));
        }
        if is_other_server(before, now) {
            changes.push(Change::ServerChanged(id, *server));
        }
        if before.players() != now.players() || before.player_count() != now.player_count() {
            changes.push(Change::PlayersChanged(id, *server));
        }
    }
    let gone = old.into_iter().flat_map(|old| old.servers.keys());
    changes.extend(
        gone.filter(|server| !new.servers.contains_key(server))
            .map(|server| Change::ServerRemoved(id, *server)),
    );
}

/// The change that reports a server's state; `None` while the state is unknown.
fn state(server: &ServerView) -> Option<Change> {
    server.known?;
    Some(if server.is_online {
        Change::ServerOnline(server.group, server.id)
    } else {
        Change::ServerOffline(server.group, server.id)
    })
}

/// Returns whether a server has changed, apart from the fields that every heartbeat changes.
fn is_other_server(old: &ServerView, new: &ServerView) -> bool {
    // A failed reading of an unknown server decides whether its console is opened.
    let has_failed = new.known.is_none() && old.is_tried != new.is_tried;
    if has_failed || old.name != new.name {
        return true;
    }
    match (&old.record, &new.record) {
        (Some(a), Some(b)) => {
            a.description != b.description
                || a.version != b.version
                || a.region != b.region
                || a.fleet != b.fleet
                || a.join_type != b.join_type
                || a.player_limit != b.player_limit
        }
        (None, Some(_)) => true,
        (_, None) => false,
    }
}
