use super::cloud::Cloud;
use super::groups::{Group, Member, Membership};
use super::ids::next_id;
use super::table::Table;
use crate::wire::json::Node;
use crate::wire::{rest_body, rest_item};
use jiff::Timestamp;

const FIRST_GROUP: u64 = 2_000_000_011;

impl Cloud {
    /// Adds a private group with an owner.
    pub fn add_group(&mut self, name: &str, owner: u64, now: Timestamp) -> u64 {
        let id = next_id(&self.groups, FIRST_GROUP);
        let roles = rest_body("group-by-id")
            .get("roles")
            .cloned()
            .unwrap_or(Node::Null);
        self.groups.insert(
            id,
            Group {
                id,
                name: name.to_owned(),
                description: format!("The people of {name}."),
                kind: "Private".to_owned(),
                owner,
                created_at: now,
                roles,
                members: Table::default(),
            },
        );
        self.set_member(id, owner, Membership::Accepted, Some(7), now);
        id
    }

    /// Sets the state of a membership, and the role if one is given. Sends no event.
    pub fn set_member(
        &mut self,
        group: u64,
        user: u64,
        membership: Membership,
        role: Option<u64>,
        now: Timestamp,
    ) -> Option<Member> {
        let username = self.username(user);
        let bot = self.users.get(user).is_some_and(|user| user.bot);
        let group = self.groups.get_mut(&group)?;
        if !group.members.contains_key(&user) {
            let member = Member {
                group_id: group.id,
                user_id: user,
                username,
                bot,
                role_id: 1,
                created_at: now,
                membership,
            };
            group.members.insert(user, member);
        }
        let member = group.members.get_mut(&user)?;
        if member.membership != membership {
            member.created_at = now;
        }
        member.membership = membership;
        if let Some(role) = role {
            member.role_id = role;
        } else if membership != Membership::Accepted {
            member.role_id = u64::from(membership != Membership::Banned);
        }
        Some(member.clone())
    }

    /// Changes the state of a membership, and sends events to the group and to the user.
    pub fn change_membership(
        &mut self,
        group: u64,
        user: u64,
        to: Membership,
        now: Timestamp,
    ) -> Option<Member> {
        let before = self.groups.get(&group)?.membership(user);
        let joined_before = self.joined_group(group, user);
        let member = self.set_member(group, user, to, None, now)?;
        let row = member.json();
        let list = match before {
            Some(Membership::Accepted) => Some("group-member-delete"),
            Some(Membership::Invited) => Some("group-invite-delete"),
            Some(Membership::RequestedJoin) => Some("group-request-delete"),
            Some(Membership::Banned) => Some("group-ban-delete"),
            Some(Membership::Left | Membership::Kicked) | None => None,
        };
        if let Some(event) = list.filter(|_| before != Some(to)) {
            self.emit(event, group, row.clone());
        }
        match before {
            Some(Membership::Invited) if to != Membership::Invited => {
                self.emit_to_user(user, "me-group-invite-delete", group, now);
            }
            Some(Membership::RequestedJoin) if to != Membership::RequestedJoin => {
                self.emit_to_user(user, "me-group-request-delete", group, now);
            }
            Some(Membership::Accepted) if to != Membership::Accepted => {
                if let Some(joined) = joined_before {
                    self.emit("me-group-delete", user, joined.and("member", row.clone()));
                }
            }
            _ => {}
        }
        match to {
            Membership::Accepted if before != Some(to) => {
                self.emit("group-member-create", group, row);
                self.emit_joined(group, user);
            }
            Membership::Invited => {
                self.emit("group-invite-create", group, row);
                self.emit_to_user(user, "me-group-invite-create", group, now);
            }
            Membership::RequestedJoin => {
                self.emit("group-request-create", group, row);
                self.emit_to_user(user, "me-group-request-create", group, now);
            }
            Membership::Banned => self.emit("group-ban-create", group, row),
            _ => {}
        }
        let was_member = before == Some(Membership::Accepted);
        if was_member != (to == Membership::Accepted) {
            self.group_updated(group);
        }
        Some(member)
    }

    /// Changes the role of a member, and sends an event to the group.
    pub fn set_role(&mut self, group: u64, user: u64, role: u64, now: Timestamp) -> Option<Member> {
        self.groups
            .get(&group)?
            .member(user, Membership::Accepted)?;
        let member = self.set_member(group, user, Membership::Accepted, Some(role), now)?;
        self.emit("group-member-update", group, member.json());
        Some(member)
    }

    /// Sends `group-update` to the group.
    pub fn group_updated(&mut self, group: u64) {
        if let Some(content) = self.groups.get(&group).map(Group::update) {
            self.emit("group-update", group, content);
        }
    }

    fn emit_to_user(&mut self, user: u64, event: &str, group: u64, now: Timestamp) {
        if let Some(content) = self.groups.get(&group).map(|group| group.invited(now)) {
            self.emit(event, user, content);
        }
    }

    /// A group with its servers and roles.
    pub(crate) fn group_detailed(&self, group: u64) -> Option<Node> {
        let servers = self.servers.values();
        let of_group = servers.filter(|server| server.group == Some(group));
        Some(self.groups.get(&group)?.detailed(of_group))
    }

    /// Tells a user's main websockets that the user has joined a group. Newer clients read `group` and `member`; older versions of
    /// att-client read the event as a group, and need its id.
    pub(crate) fn emit_joined(&mut self, group: u64, user: u64) {
        if let Some(joined) = self.joined_group(group, user) {
            let name = self.groups.get(&group).map(|group| group.name.clone());
            let content = joined
                .and("id", group)
                .and("name", name.unwrap_or_default());
            self.emit("me-group-create", user, content);
        }
    }

    /// `{group, member}`.
    pub(crate) fn joined_group(&self, group: u64, user: u64) -> Option<Node> {
        let member = self.groups.get(&group)?.members.get(&user)?.json();
        Some(
            rest_item("joined-groups")
                .with("group", self.group_detailed(group)?)
                .with("member", member),
        )
    }
}
