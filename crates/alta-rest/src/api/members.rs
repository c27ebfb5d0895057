use alta_model::{GroupId, Listing, Member, Permission, PermissionCheck, RoleId, UserId};
use serde_json::{Value, json};

endpoints! {
    /// The members of a group, their roles and permissions.
    pub struct Members in members;

    /// The members of a group.
    #[doc(alias = "request_members")]
    fn list(group: GroupId) -> pages Member
        = ListMembers: Either GET ["groups", group, "members"], any_scope(&["group.members", "group.view", "group.info"]);

    /// A member of a group; not found if the account is not a member.
    #[doc(alias = "request_member_info")]
    fn get(group: GroupId, user: UserId) -> one Member
        = GetMember: Either GET ["groups", group, "members", user], any_scope(&["group.members", "group.view", "group.info"]);

    /// Removes a member. Attested for users (alta-jsapi, .NET client).
    fn kick(group: GroupId, user: UserId) -> nothing ()
        = KickMember: Either DELETE ["groups", group, "members", user], any_scope(&["group.members"]);

    /// Gives a member another role. Attested for users (alta-jsapi, .NET client).
    fn set_role(group: GroupId, user: UserId, role: RoleId) -> one Member
        = SetMemberRole: Either POST ["groups", group, "members", user, "role", role], any_scope(&["group.members"]);

    /// Sets a member's old permissions, as bits: Member 1, Moderator 2, Admin 4. Roles have replaced them (alta-jsapi).
    fn set_permissions(group: GroupId, user: UserId, bits: u32) -> one Value
        = SetMemberPermissions: Either POST ["groups", group, "members", user, "permissions"],
            json(&json!({"permissions": bits}));

    /// Checks whether an account has all these permissions in a group: one check for all of them.
    ///
    /// py-tale presents this as a check of roles and sends their numbers; the service reads them as numbers of permissions.
    #[doc(alias = "request_check_user_role")]
    fn check_permissions(
        group: GroupId,
        user: UserId,
        permissions: Vec<Permission> as impl Into<Vec<Permission>>,
    ) -> one PermissionCheck
        = CheckMemberPermissions: Either POST ["groups", group, user, "permissions", "check"],
            json(&json!({"permissions": permissions}));

    /// The permissions of an account in a group. Attested for users (.NET client; it is a POST).
    fn permissions(group: GroupId, user: UserId) -> one Listing<Permission>
        = ListMemberPermissions: Either POST ["groups", group, user, "permissions"];
}
