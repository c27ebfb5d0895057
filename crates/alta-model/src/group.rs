use crate::{GroupId, Member, RoleId, ServerId, ServerStatus, Timestamp};

model! {
    /// The basics of a group.
    pub struct Group {
        /// The group's id; not its server's.
        required id: GroupId = "id",
        /// The group's name; empty when the server sent none.
        default name: String = "name",
        /// What the group says of itself; empty when the server sent none.
        default description: String = "description",
        /// How many belong to it; none if the server did not say, as in some events. None is less than any number: ask
        /// `is_some_and(|count| count < 200)`.
        optional member_count: i64 = "member_count",
        /// When it was made.
        optional created_at: Timestamp = "created_at",
        /// Who may see and join it.
        optional r#type: GroupType = "type",
        /// Words it is found by.
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
        /// What the group says of itself; empty when the server sent none.
        default description: String = "description",
        /// How many belong to it; none if the server did not say, as in some events. None is less than any number: ask
        /// `is_some_and(|count| count < 200)`.
        optional member_count: i64 = "member_count",
        /// When it was made.
        optional created_at: Timestamp = "created_at",
        /// Who may see and join it.
        optional r#type: GroupType = "type",
        /// Words it is found by.
        list tags: String = "tags",
        /// Its servers; absent from `group-update` events.
        list servers: GroupServer = "servers",
        /// How many servers it may have. On the wire `allowed_servers_count` (py-tale README); att-client has the other.
        optional allowed_servers_count: i64 = "allowed_servers_count" | "allowed_server_count",
        /// Its roles; absent from `group-update` events.
        list roles: Role = "roles",
    }
}

impl GroupDetailed {
    /// The role of that id.
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.roles.iter().find(|role| role.role_id == id)
    }

    /// Whether a member's role holds the permission, as far as the roles are known here.
    pub fn permits(&self, member: &Member, permission: &Permission) -> bool {
        member
            .role_id
            .and_then(|id| self.role(id))
            .is_some_and(|role| role.permissions.contains(permission))
    }
}

model! {
    /// A group that this account is invited to.
    pub struct InvitedGroup {
        /// When the invitation was sent; absent from some events.
        optional invited_at: Timestamp = "invited_at",
        /// The group's id; not its server's.
        required id: GroupId = "id",
        /// The group's name; empty when the server sent none.
        default name: String = "name",
        /// What the group says of itself; empty when the server sent none.
        default description: String = "description",
        /// How many belong to it; none if the server did not say, as in some events. None is less than any number: ask
        /// `is_some_and(|count| count < 200)`.
        optional member_count: i64 = "member_count",
        /// When the group was made.
        optional created_at: Timestamp = "created_at",
        /// Who may see and join it.
        optional r#type: GroupType = "type",
        /// Words it is found by.
        list tags: String = "tags",
        /// Its servers; absent from every sample.
        list servers: GroupServer = "servers",
        /// How many servers it may have; absent from every sample.
        optional allowed_servers_count: i64 = "allowed_servers_count" | "allowed_server_count",
        /// Its roles; absent from every sample.
        list roles: Role = "roles",
    }
}

model! {
    /// A group together with this account's membership in it.
    pub struct JoinedGroup {
        /// The group.
        required group: GroupDetailed = "group",
        /// This account's membership.
        required member: Member = "member",
    }
}

impl JoinedGroup {
    /// Whether this account's role in the group holds the permission.
    pub fn permits(&self, permission: &Permission) -> bool {
        self.group.permits(&self.member, permission)
    }
}

model! {
    /// A server as its group lists it.
    pub struct GroupServer {
        /// The server's id; not its group's.
        required id: ServerId = "id",
        /// The server's name; empty when the server sent none.
        default name: String = "name",
        /// The kind of world: 0 for PC, 4 for Quest in samples.
        optional scene_index: i64 = "scene_index",
        /// What the group wants of it.
        optional status: ServerStatus = "status",
    }
}

model! {
    /// A role of a group and what it may do.
    pub struct Role {
        /// The role's id within the group.
        required role_id: RoleId = "role_id",
        /// The role's name; empty when the server sent none.
        default name: String = "name",
        /// The colour it is shown in, `#00bcd4`; only some roles have one.
        optional color: String = "color",
        /// What it may do.
        list permissions: Permission = "permissions",
        /// Console commands it may use; empty in every sample.
        list allowed_commands: String = "allowed_commands",
    }
}

open_enum! {
    /// Who may see and join a group.
    #[doc(alias = "visibility")]
    pub enum GroupType {
        /// Anyone may join.
        Open: "Open" = 0,
        /// Anyone may ask to join.
        Public: "Public" = 1,
        /// By invitation only.
        Private: "Private" = 2,
    }
}

open_enum! {
    /// What a role may do. The numbers are those the permission check takes (Alta .NET models).
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
    /// The answer to asking whether an account holds a permission (`POST groups/{group}/{user}/permissions/check`).
    pub struct PermissionCheck {
        /// Whether it does.
        required value: bool = "value",
    }
}
