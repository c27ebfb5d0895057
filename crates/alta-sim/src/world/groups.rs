use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{FIRST_GROUP, World, next_id};
use crate::json::Node;
use crate::recordings;

/// How somebody stands to a group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    Accepted,
    Invited,
    RequestedJoin,
    Left,
    Kicked,
    Banned,
}

impl Standing {
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

/// A member, or somebody who was or may become one.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) group_id: u64,
    pub(crate) user_id: u64,
    pub(crate) username: String,
    pub(crate) bot: bool,
    pub(crate) role_id: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) standing: Standing,
}

/// A group of players and bots that owns servers.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: String,
    pub(crate) owner: u64,
    pub(crate) created_at: Timestamp,
    /// The fixture's roles: Member 1, Moderator 2, Owner 7.
    pub(crate) roles: Node,
    pub(crate) members: BTreeMap<u64, Member>,
}

/// The ids below are everybody's: 0 default, 1 member, 2 moderator.
const FIRST_OWN_ROLE: u64 = 3;

impl Group {
    pub(crate) fn member(&self, user: u64, standing: Standing) -> Option<&Member> {
        self.members
            .get(&user)
            .filter(|member| member.standing == standing)
    }

    /// Whether the role of that member has a permission.
    pub(crate) fn allows(&self, user: u64, permission: &str) -> bool {
        let Some(member) = self.member(user, Standing::Accepted) else {
            return false;
        };
        let wanted = Node::from(member.role_id);
        let role = self
            .roles
            .as_list()
            .iter()
            .find(|role| role.get("role_id") == Some(&wanted));
        role.and_then(|role| role.get("permissions"))
            .is_some_and(|names| {
                names
                    .as_list()
                    .iter()
                    .any(|name| name.as_str() == Some(permission))
            })
    }

    /// Sets these members of a role; the role as it is then, if there is one of that id.
    pub(crate) fn update_role<'a>(
        &mut self,
        role_id: u64,
        changes: impl Iterator<Item = (&'a str, Node)>,
    ) -> Option<Node> {
        let wanted = Node::from(role_id);
        let Node::List(roles) = &mut self.roles else {
            return None;
        };
        let role = roles
            .iter_mut()
            .find(|role| role.get("role_id") == Some(&wanted))?;
        *role = changes.fold(role.clone(), |role, (name, value)| role.and(name, value));
        Some(role.clone())
    }

    /// Makes a role, without regard to whether the permissions are known ones.
    pub(crate) fn add_role(&mut self, name: &str, permissions: &[&str]) -> u64 {
        let mut id = FIRST_OWN_ROLE;
        while self.has_role(id) {
            id += 1;
        }
        let permissions: Vec<Node> = permissions.iter().map(|name| (*name).into()).collect();
        if let Node::List(roles) = &mut self.roles {
            roles.push(Node::object([
                ("role_id", id.into()),
                ("name", name.into()),
                ("permissions", permissions.into()),
                ("allowed_commands", Vec::<Node>::new().into()),
            ]));
        }
        id
    }

    pub(crate) fn has_role(&self, role_id: u64) -> bool {
        let wanted = Node::from(role_id);
        self.roles
            .as_list()
            .iter()
            .any(|role| role.get("role_id") == Some(&wanted))
    }
}

impl World {
    /// Makes a group with an owner.
    pub(crate) fn add_group(&mut self, name: &str, owner: u64, now: Timestamp) -> u64 {
        let id = next_id(&self.groups, FIRST_GROUP);
        let roles = recordings::rest_body("group-by-id")
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
                members: BTreeMap::new(),
            },
        );
        self.stand(id, owner, Standing::Accepted, Some(7), now);
        id
    }

    /// Sets how somebody stands to a group, and the role if one is given. Tells nobody.
    pub(crate) fn stand(
        &mut self,
        group: u64,
        user: u64,
        standing: Standing,
        role: Option<u64>,
        now: Timestamp,
    ) -> Option<Member> {
        let username = self.username(user);
        let bot = self.people.get(&user).is_some_and(|person| person.bot);
        let group = self.groups.get_mut(&group)?;
        let member = group.members.entry(user).or_insert_with(|| Member {
            group_id: group.id,
            user_id: user,
            username,
            bot,
            role_id: 1,
            created_at: now,
            standing,
        });
        if member.standing != standing {
            member.created_at = now;
        }
        member.standing = standing;
        if let Some(role) = role {
            member.role_id = role;
        } else if standing != Standing::Accepted {
            member.role_id = u64::from(standing != Standing::Banned);
        }
        Some(member.clone())
    }

    /// Changes a standing and tells both the group and the one concerned.
    pub(crate) fn change_standing(
        &mut self,
        group: u64,
        user: u64,
        to: Standing,
        now: Timestamp,
    ) -> Option<Member> {
        let before = self
            .groups
            .get(&group)?
            .members
            .get(&user)
            .map(|member| member.standing);
        let joined_before = self.joined_group(group, user);
        let member = self.stand(group, user, to, None, now)?;
        let row = member.json();
        let list = match before {
            Some(Standing::Accepted) => Some("group-member-delete"),
            Some(Standing::Invited) => Some("group-invite-delete"),
            Some(Standing::RequestedJoin) => Some("group-request-delete"),
            Some(Standing::Banned) => Some("group-ban-delete"),
            Some(Standing::Left | Standing::Kicked) | None => None,
        };
        if let Some(event) = list.filter(|_| before != Some(to)) {
            self.tell_main(event, group, row.clone());
        }
        match before {
            Some(Standing::Invited) if to != Standing::Invited => {
                self.tell_me(user, "me-group-invite-delete", group, now);
            }
            Some(Standing::RequestedJoin) if to != Standing::RequestedJoin => {
                self.tell_me(user, "me-group-request-delete", group, now);
            }
            Some(Standing::Accepted) if to != Standing::Accepted => {
                if let Some(joined) = joined_before {
                    self.tell_main("me-group-delete", user, joined.and("member", row.clone()));
                }
            }
            _ => {}
        }
        match to {
            Standing::Accepted if before != Some(to) => {
                self.tell_main("group-member-create", group, row);
                if let Some(joined) = self.joined_group(group, user) {
                    self.tell_main("me-group-create", user, joined);
                }
            }
            Standing::Invited => {
                self.tell_main("group-invite-create", group, row);
                self.tell_me(user, "me-group-invite-create", group, now);
            }
            Standing::RequestedJoin => {
                self.tell_main("group-request-create", group, row);
                self.tell_me(user, "me-group-request-create", group, now);
            }
            Standing::Banned => self.tell_main("group-ban-create", group, row),
            _ => {}
        }
        let was_member = before == Some(Standing::Accepted);
        if was_member != (to == Standing::Accepted) {
            self.tell_group_update(group);
        }
        Some(member)
    }

    /// Gives a member another role and says so.
    pub(crate) fn set_role(
        &mut self,
        group: u64,
        user: u64,
        role: u64,
        now: Timestamp,
    ) -> Option<Member> {
        self.groups.get(&group)?.member(user, Standing::Accepted)?;
        let member = self.stand(group, user, Standing::Accepted, Some(role), now)?;
        self.tell_main("group-member-update", group, member.json());
        Some(member)
    }

    /// Tells the group's subscribers its basic fields.
    pub(crate) fn tell_group_update(&mut self, group: u64) {
        if let Some(content) = self.groups.get(&group).map(Group::update) {
            self.tell_main("group-update", group, content);
        }
    }

    fn tell_me(&mut self, user: u64, event: &str, group: u64, now: Timestamp) {
        if let Some(content) = self.groups.get(&group).map(|group| group.invited(now)) {
            self.tell_main(event, user, content);
        }
    }
}
