use alta_model::{
    Group, GroupAllowance, GroupDetailed, GroupId, GroupType, JoinedGroup, QuickGroup, RoleId,
    Server,
};
use serde_json::Value;

use super::{GroupChanges, GroupFilter, NewGroup, NewQuickGroup, NewServer, RoleChanges};

endpoints! {
    /// Groups: what the account belongs to, and what can be known and changed about them.
    ///
    /// Where only user accounts are attested, a bot may be refused, or not.
    pub struct Groups in groups;

    /// The groups that the account belongs to, with its membership in each.
    #[doc(alias = "request_current_groups")]
    fn joined() -> pages JoinedGroup
        = ListJoinedGroups: Either GET ["groups", "joined"], any_scope(&["group.view", "group.info"]);

    /// The groups that can be seen, or some of them. Attested for users (alta-jsapi, .NET client).
    fn list(filter: GroupFilter as impl Into<GroupFilter>) -> pages Group
        = ListGroups: Either GET ["groups"],
            query_opt("type", filter.r#type.as_ref().map(number)),
            query_opt("ignoreInactive", filter.ignore_inactive);

    /// A group with its servers and roles. Rejected with `CantGetPrivateGroup` unless the account belongs to it.
    #[doc(alias = "request_group_by_id")]
    fn get(group: GroupId) -> one GroupDetailed
        = GetGroup: Either GET ["groups", group], any_scope(&["group.view", "group.info"]);

    /// Makes a group. Attested for users (alta-jsapi, models).
    fn create(new: NewGroup) -> one Group = CreateGroup: Either POST ["groups"], json(new);

    /// Makes a group together with its server. Attested for users (.NET client).
    fn quick_create(new: NewQuickGroup) -> one QuickGroup
        = QuickCreateGroup: Either POST ["groups", "quick-create"], json(new);

    /// Whether the account may make another group with a server. Attested for users (.NET client).
    fn create_check() -> one GroupAllowance = CheckGroupCreation: Either GET ["groups", "create-check"];

    /// Changes a group. Attested for users (alta-jsapi, .NET client).
    fn update(group: GroupId, changes: GroupChanges) -> one GroupDetailed
        = UpdateGroup: Either PATCH ["groups", group], json(changes);

    /// Changes a role. What comes back is not attested. Attested for users (alta-jsapi, models).
    fn update_role(group: GroupId, role: RoleId, changes: RoleChanges) -> one Value
        = UpdateRole: Either PATCH ["groups", group, "roles", role], json(changes);

    /// Makes a server for a group. Attested for users (alta-jsapi).
    fn create_server(group: GroupId, new: NewServer) -> one Server
        = CreateServer: Either POST ["groups", group, "servers"], json(new);

    /// Leaves a group. Attested for users (alta-jsapi, .NET client).
    fn leave(group: GroupId) -> nothing ()
        = LeaveGroup: Either DELETE ["groups", group, "members"], any_scope(&["group.leave"]);
}

/// The query takes the number (alta-jsapi).
fn number(kind: &GroupType) -> &str {
    match kind {
        GroupType::Open => "0",
        GroupType::Public => "1",
        GroupType::Private => "2",
        other => other.as_str(),
    }
}
