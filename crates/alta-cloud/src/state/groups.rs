use super::servers::Server;
use super::table::Table;
use crate::wire::json::Node;
use crate::wire::time::rest_time;
use crate::wire::{main_content, rest_body, rest_item};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The permissions that a role can have, in the order of their numbers, from 1.
pub const PERMISSIONS: [&str; 12] = [
    "Invite",
    "AcceptInvite",
    "Ban",
    "Kick",
    "CreateServer",
    "ModifyGroup",
    "ModifyServer",
    "Console",
    "ControlServer",
    "ManageRoles",
    "ManageReports",
    "ManageSaves",
];

/// The state of a user's membership in a group.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// The user is a member.
    Accepted,
    /// The user is invited.
    Invited,
    /// The user has requested to join.
    RequestedJoin,
    /// The user has left, or withdrawn or rejected.
    Left,
    /// The user was kicked, or the invitation was withdrawn.
    Kicked,
    /// The user is banned.
    Banned,
}

impl Membership {
    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Invited => "Invited",
            Self::RequestedJoin => "RequestedJoin",
            Self::Left => "Left",
            Self::Kicked => "Kicked",
            Self::Banned => "Banned",
        }
    }
}

/// A user's record in a group: a present, former or possible member.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Member {
    /// The group.
    pub group_id: u64,
    /// The user.
    pub user_id: u64,
    /// The user's name.
    pub username: String,
    /// `true` if the user is a bot.
    pub bot: bool,
    /// The role: 1 member, 2 moderator, 7 owner, or one of the group's own.
    pub role_id: u64,
    /// The time since when `membership` has its value.
    pub created_at: Timestamp,
    /// The state of the membership.
    pub membership: Membership,
}

impl Member {
    /// The sample's member with the values of this one.
    pub(crate) fn json(&self) -> Node {
        let permissions = match self.role_id {
            // No flag has the value 0, so there is no name to write.
            0 => Node::from(0_u64),
            1 => Node::from("Member"),
            7 => Node::from("Member, Moderator, Admin"),
            _ => Node::from("Member, Moderator"),
        };
        rest_body("invite-accept")
            .with("group_id", self.group_id)
            .with("user_id", self.user_id)
            .with("username", self.username.as_str())
            .with("bot", self.bot)
            .with("permissions", permissions)
            .with("role_id", self.role_id)
            .with("created_at", rest_time(self.created_at))
            .with("type", self.membership.name())
    }
}

/// A group of players and bots that owns servers.
#[derive(Clone, Debug)]
pub struct Group {
    /// The group's id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// `Open`, `Public` or `Private`.
    pub kind: String,
    /// The user who owns the group.
    pub owner: u64,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The roles as JSON. From the sample: Member 1, Moderator 2, Owner 7.
    pub roles: Node,
    /// The records of users, by user id.
    pub members: Table<u64, Member>,
}

/// The stored part of a group. Its members are stored one by one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GroupRecord {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) kind: String,
    pub(super) owner: u64,
    pub(super) created_at: Timestamp,
    pub(super) roles: Node,
}

/// The first id of a group's own roles. Every group has the ids below: 0 default, 1 member, 2 moderator.
pub const FIRST_OWN_ROLE: u64 = 3;

impl Group {
    /// The state of a user's membership, if there is a record.
    pub(crate) fn membership(&self, user: u64) -> Option<Membership> {
        Some(self.members.get(&user)?.membership)
    }

    /// Returns whether the user may read the group: a private one only as a member or with an invitation.
    pub(crate) fn is_visible(&self, user: u64) -> bool {
        use Membership::{Accepted, Invited};
        self.kind != "Private" || matches!(self.membership(user), Some(Accepted | Invited))
    }

    /// Returns whether the user is a member whose role has all of these permissions.
    pub(crate) fn allows_all<'a>(
        &self,
        user: u64,
        permissions: impl IntoIterator<Item = &'a str>,
    ) -> bool {
        let mut permissions = permissions.into_iter();
        permissions.all(|permission| self.allows(user, permission))
    }

    /// The permissions of a role.
    pub(crate) fn permissions_of_role(&self, role_id: u64) -> impl Iterator<Item = &str> {
        let names = self.role(role_id).and_then(|role| role.get("permissions"));
        let names = names.map_or(&[][..], Node::as_array);
        names.iter().filter_map(Node::as_str)
    }

    /// The record of a user whose membership is in this state.
    pub fn member(&self, user: u64, membership: Membership) -> Option<&Member> {
        let member = self.members.get(&user);
        member.filter(|member| member.membership == membership)
    }

    /// The records whose membership is in this state.
    pub(crate) fn members(&self, membership: Membership) -> impl Iterator<Item = &Member> {
        let members = self.members.values();
        members.filter(move |member| member.membership == membership)
    }

    /// The role with this id, as REST shows it.
    pub fn role(&self, role_id: u64) -> Option<&Node> {
        let wanted = Node::from(role_id);
        let mut roles = self.roles.as_array().iter();
        roles.find(|role| role.get("role_id") == Some(&wanted))
    }

    /// The permissions of a member's role; none for other users.
    pub fn permissions(&self, user: u64) -> impl Iterator<Item = &str> {
        let member = self.member(user, Membership::Accepted);
        member
            .into_iter()
            .flat_map(|member| self.permissions_of_role(member.role_id))
    }

    /// Returns whether the user is a member whose role has a permission.
    pub(crate) fn allows(&self, user: u64, permission: &str) -> bool {
        self.permissions(user).any(|name| name == permission)
    }

    /// Sets these fields of a role. Returns the changed role, or `None` if there is no such role.
    pub(crate) fn update_role<'a>(
        &mut self,
        role_id: u64,
        changes: impl Iterator<Item = (&'a str, Node)>,
    ) -> Option<Node> {
        let wanted = Node::from(role_id);
        let Node::Array(roles) = &mut self.roles else {
            return None;
        };
        let role = roles
            .iter_mut()
            .find(|role| role.get("role_id") == Some(&wanted))?;
        *role = changes.fold(role.clone(), |role, (name, value)| role.and(name, value));
        Some(role.clone())
    }

    /// Adds a role and returns its id. The permissions are not checked.
    pub fn add_role(&mut self, name: &str, permissions: &[&str]) -> u64 {
        let mut id = FIRST_OWN_ROLE;
        while self.has_role(id) {
            id += 1;
        }
        self.add_role_as(id, name, permissions)
    }

    /// Adds a role with an id that no other role of the group has. Returns the id. The permissions are not checked.
    pub fn add_role_as(&mut self, id: u64, name: &str, permissions: &[&str]) -> u64 {
        let permissions: Vec<Node> = permissions.iter().map(|name| (*name).into()).collect();
        if let Node::Array(roles) = &mut self.roles {
            roles.push(Node::object([
                ("role_id", id.into()),
                ("name", name.into()),
                ("permissions", permissions.into()),
                ("allowed_commands", Vec::<Node>::new().into()),
            ]));
        }
        id
    }

    /// Returns whether the group has a role with this id.
    pub fn has_role(&self, role_id: u64) -> bool {
        self.role(role_id).is_some()
    }

    fn fill(&self, node: Node) -> Node {
        let count = self.members(Membership::Accepted).count();
        node.with("id", self.id)
            .with("name", self.name.as_str())
            .with("description", self.description.as_str())
            .with("member_count", count as u64)
            .with("created_at", rest_time(self.created_at))
            .with("type", self.kind.as_str())
    }

    /// A group as the reply to its creation writes it.
    pub(crate) fn created(&self) -> Node {
        self.fill(rest_body("group-create"))
    }

    /// A group as an invitation writes it: without servers and roles.
    pub(crate) fn invited(&self, since: Timestamp) -> Node {
        self.fill(rest_item("my-invites"))
            .with("invited_at", rest_time(since))
    }

    /// The content of `group-update`: the basic fields.
    pub(crate) fn update(&self) -> Node {
        self.fill(main_content("event-group-update"))
    }

    /// A group with its servers and roles.
    pub(crate) fn detailed<'a>(&self, servers: impl Iterator<Item = &'a Server>) -> Node {
        let template = rest_body("group-by-id");
        let row = template.get("servers").map_or(&[][..], Node::as_array);
        let row = row.first().cloned().unwrap_or(Node::Null);
        let servers: Vec<Node> = servers
            .map(|server| {
                row.clone()
                    .with("id", server.id)
                    .with("name", server.name.as_str())
                    .with("scene_index", server.info.scene_index)
                    .with("status", server.status())
            })
            .collect();
        self.fill(template)
            .with("servers", servers)
            .with("roles", self.roles.clone())
    }
}
