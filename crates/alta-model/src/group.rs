use crate::{GroupId, Member, MemberType, RoleId, ServerId, ServerStatus, Timestamp};

model! {
    /// The basics of a group.
    pub struct Group {
        /// The group's id; not its server's.
        required id: GroupId = "id",
        /// The group's name; empty when the server sent none.
        default name: String = "name",
        /// The group's description; empty when the server sent none.
        default description: String = "description",
        /// The number of members; none if the server did not send it, as in some events. `None` is less than any number, so use
        /// `is_some_and(|count| count < 200)`.
        optional member_count: i64 = "member_count",
        /// The time of its creation.
        optional created_at: Timestamp = "created_at",
        /// Its type: it determines the accounts that can see and join it.
        optional r#type: GroupType = "type",
        /// Its tags, for searches.
        list tags: String = "tags",
    }
}

model! {
    /// A group with its servers and roles.
    #[doc(alias = "GroupInfo")]
    pub struct GroupDetailed {
        /// The group's id; not its server's.
        required id: GroupId = "id",
        /// The group's name; empty when the server sent none.
        default name: String = "name",
        /// The group's description; empty when the server sent none.
        default description: String = "description",
        /// The number of members; none if the server did not send it, as in some events. `None` is less than any number, so use
        /// `is_some_and(|count| count < 200)`.
        optional member_count: i64 = "member_count",
        /// The time of its creation.
        optional created_at: Timestamp = "created_at",
        /// Its type: it determines the accounts that can see and join it.
        optional r#type: GroupType = "type",
        /// Its tags, for searches.
        list tags: String = "tags",
        /// Its servers; absent from `group-update` events.
        list servers: GroupServer = "servers",
        /// The most servers it may have. On the wire `allowed_servers_count` (py-tale README); att-client uses the other name.
        optional allowed_servers_count: i64 = "allowed_servers_count" | "allowed_server_count",
        /// Its roles; absent from `group-update` events.
        list roles: Role = "roles",
    }
}

impl GroupDetailed {
    /// The role with this id.
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.roles.iter().find(|role| role.role_id == id)
    }

    /// Returns whether a member's role has the permission; false if the role is not in this record.
    pub fn permits(&self, member: &Member, permission: &Permission) -> bool {
        member
            .role_id
            .and_then(|id| self.role(id))
            .is_some_and(|role| role.permissions.contains(permission))
    }

    /// Returns whether a member's role is at least this one. False for an account that left or is only invited. The service has no
    /// ranks, so permissions decide: a role is at least another one if it has all permissions of the other. An
    /// [`OWNER`](RoleId::OWNER) is at least every role, and each member that is not banned is at least a
    /// [`MEMBER`](RoleId::MEMBER). A role without permissions, or one that the group does not have, is only at least itself.
    ///
    /// ```
    /// use alta_model::{GroupDetailed, Member, RoleId};
    ///
    /// # fn main() -> Result<(), serde_json::Error> {
    /// let group: GroupDetailed = serde_json::from_str(
    ///     r#"{"id": 1, "roles": [
    ///         {"role_id": 2, "name": "Moderator", "permissions": ["Kick", "Console"]},
    ///         {"role_id": 3, "name": "Builder", "permissions": ["Invite"]}
    ///     ]}"#,
    /// )?;
    /// let builder: Member = serde_json::from_str(r#"{"group_id": 1, "user_id": 8, "role_id": 3}"#)?;
    /// assert!(!group.is_at_least(&builder, RoleId::MODERATOR));
    /// assert!(group.is_at_least(&builder, RoleId::MEMBER));
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_at_least(&self, member: &Member, role: RoleId) -> bool {
        let is_member = matches!(member.r#type, None | Some(MemberType::Accepted));
        let Some(has) = member.role_id.filter(|_| is_member) else {
            return false;
        };
        if has == role || has == RoleId::OWNER {
            return true;
        }
        if has == RoleId::BANNED || role == RoleId::OWNER {
            return false;
        }
        if role == RoleId::MEMBER {
            return true;
        }
        let (Some(has), Some(asked)) = (self.role(has), self.role(role)) else {
            return false;
        };
        let mut permissions = asked.permissions.iter();
        !asked.permissions.is_empty() && permissions.all(|it| has.permissions.contains(it))
    }
}

model! {
    /// A group to which this account is invited.
    pub struct InvitedGroup {
        /// The time of the invitation; absent from some events.
        optional invited_at: Timestamp = "invited_at",
        /// The group's id; not its server's.
        required id: GroupId = "id",
        /// The group's name; empty when the server sent none.
        default name: String = "name",
        /// The group's description; empty when the server sent none.
        default description: String = "description",
        /// The number of members; none if the server did not send it, as in some events. `None` is less than any number, so use
        /// `is_some_and(|count| count < 200)`.
        optional member_count: i64 = "member_count",
        /// The time of the group's creation.
        optional created_at: Timestamp = "created_at",
        /// Its type: it determines the accounts that can see and join it.
        optional r#type: GroupType = "type",
        /// Its tags, for searches.
        list tags: String = "tags",
        /// Its servers; absent from every sample.
        list servers: GroupServer = "servers",
        /// The most servers it may have; absent from every sample.
        optional allowed_servers_count: i64 = "allowed_servers_count" | "allowed_server_count",
        /// Its roles; absent from every sample.
        list roles: Role = "roles",
    }
}

model! {
    /// A group with this account's membership in it.
    pub struct JoinedGroup {
        /// The group.
        required group: GroupDetailed = "group",
        /// This account's membership.
        required member: Member = "member",
    }
}

impl JoinedGroup {
    /// Returns whether this account's role in the group has the permission.
    pub fn permits(&self, permission: &Permission) -> bool {
        self.group.permits(&self.member, permission)
    }

    /// Returns whether this account's role in the group is at least this one; see [`GroupDetailed::is_at_least`].
    pub fn is_at_least(&self, role: RoleId) -> bool {
        self.group.is_at_least(&self.member, role)
    }
}

model! {
    /// A server in the record of its group.
    pub struct GroupServer {
        /// The server's id; not its group's.
        required id: ServerId = "id",
        /// The server's name; empty when the server sent none.
        default name: String = "name",
        /// The kind of world: 0 for PC, 4 for Quest in samples.
        optional scene_index: i64 = "scene_index",
        /// The status that the group requests.
        optional status: ServerStatus = "status",
    }
}

model! {
    /// A role of a group and its permissions.
    pub struct Role {
        /// The role's id within the group.
        required role_id: RoleId = "role_id",
        /// The role's name; empty when the server sent none.
        default name: String = "name",
        /// Its color, `#00bcd4`; only some roles have one.
        optional color: String = "color",
        /// Its permissions.
        list permissions: Permission = "permissions",
        /// Its allowed console commands; empty in every sample.
        list allowed_commands: String = "allowed_commands",
    }
}

open_enum! {
    /// The type of a group: it determines the accounts that can see and join it.
    #[doc(alias = "visibility")]
    pub enum GroupType {
        /// Anyone may join.
        Open: "Open" = 0,
        /// Anyone may request to join.
        Public: "Public" = 1,
        /// By invitation only.
        Private: "Private" = 2,
    }
}

open_enum! {
    /// A permission of a role. The numbers are those of the permission check (Alta .NET models).
    pub enum Permission {
        /// Invite players.
        Invite: "Invite" = 1,
        /// Accept requests to join.
        AcceptInvite: "AcceptInvite" = 2,
        /// Ban members.
        Ban: "Ban" = 3,
        /// Remove members.
        Kick: "Kick" = 4,
        /// Create servers.
        CreateServer: "CreateServer" = 5,
        /// Change the group.
        ModifyGroup: "ModifyGroup" = 6,
        /// Change the servers.
        ModifyServer: "ModifyServer" = 7,
        /// Open the console.
        Console: "Console" = 8,
        /// Start and stop the servers.
        ControlServer: "ControlServer" = 9,
        /// Change roles.
        ManageRoles: "ManageRoles" = 10,
        /// Handle reports.
        ManageReports: "ManageReports" = 11,
        /// Handle saves.
        ManageSaves: "ManageSaves" = 12,
    }
}

model! {
    /// The result of a check of permissions (`POST groups/{group}/{user}/permissions/check`).
    pub struct PermissionCheck {
        /// True if the account has them.
        required value: bool = "value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_is_at_least_another_by_its_permissions_and_not_by_its_number() {
        let group: GroupDetailed = serde_json::from_value(json!({"id": 1, "roles": [
            {"role_id": 1, "permissions": []},
            {"role_id": 2, "permissions": ["Kick", "Console"]},
            {"role_id": 3, "permissions": ["Invite"]},
            {"role_id": 4, "permissions": ["Ban", "Console", "Kick"]},
            {"role_id": 5, "permissions": []},
            {"role_id": 7, "permissions": ["Kick"]},
        ]}))
        .unwrap();
        let member = |role: i32, kind: &str| -> Member {
            let member = json!({"group_id": 1, "user_id": 8, "role_id": role, "type": kind});
            serde_json::from_value(member).unwrap()
        };
        let [member_role, moderator, owner] = [RoleId::MEMBER, RoleId::MODERATOR, RoleId::OWNER];
        for (has, asked, expected) in [
            (1, member_role, true),
            (1, moderator, false),
            (2, moderator, true),
            (3, moderator, false),
            (4, moderator, true),
            (2, RoleId::new(4), false),
            (3, member_role, true),
            (0, member_role, false),
            (0, RoleId::BANNED, true),
            (7, RoleId::new(4), true),
            (4, owner, false),
            (7, owner, true),
            // A role without permissions is below no other.
            (2, RoleId::new(5), false),
            (5, RoleId::new(5), true),
            // The group has no such role.
            (2, RoleId::new(9), false),
            (9, moderator, false),
        ] {
            let is = group.is_at_least(&member(has, "Accepted"), asked);
            assert_eq!(is, expected, "{has} at least {asked}");
        }
        for kind in ["Left", "Kicked", "Invited", "RequestedJoin", "Banned"] {
            assert!(!group.is_at_least(&member(7, kind), member_role), "{kind}");
        }
    }
}
