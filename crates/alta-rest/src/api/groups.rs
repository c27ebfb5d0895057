use super::{GroupChanges, GroupFilter, NewGroup, NewQuickGroup, NewServer, RoleChanges};
use alta_model::{
    Group, GroupAllowance, GroupDetailed, GroupId, GroupType, JoinedGroup, QuickGroup, RoleId,
    Server,
};
use serde_json::Value;

endpoints! {
    /// Groups: those of the account, their data, and changes to them.
    ///
    /// Calls attested for users have only been observed with user accounts; a bot may get 403.
    pub struct Groups in groups;

    /// The groups of the account, with its membership in each.
    #[doc(alias = "request_current_groups")]
    fn joined() -> pages JoinedGroup
        = ListJoinedGroups: Either GET ["groups", "joined"], any_scope(&["group.view", "group.info"]);

    /// The visible groups, optionally filtered. Attested for users (alta-jsapi, .NET client).
    fn list(filter: GroupFilter as impl Into<GroupFilter>) -> pages Group
        = ListGroups: Either GET ["groups"],
            query_opt("type", filter.r#type.as_ref().map(number)),
            query_opt("ignoreInactive", filter.ignore_inactive);

    /// A group with its servers and roles. Rejected with `CantGetPrivateGroup` if the account is not a member.
    #[doc(alias = "request_group_by_id")]
    fn get(group: GroupId) -> one GroupDetailed
        = GetGroup: Either GET ["groups", group], any_scope(&["group.view", "group.info"]);

    /// Creates a group. Attested for users (alta-jsapi, models).
    fn create(new: NewGroup) -> one Group = CreateGroup: Either POST ["groups"], json(new);

    /// Creates a group together with its server. Attested for users (.NET client).
    fn quick_create(new: NewQuickGroup) -> one QuickGroup
        = QuickCreateGroup: Either POST ["groups", "quick-create"], json(new);

    /// Checks whether the account is allowed to create another group with a server. Attested for users (.NET client).
    fn create_check() -> one GroupAllowance = CheckGroupCreation: Either GET ["groups", "create-check"];

    /// Changes a group. Attested for users (alta-jsapi, .NET client).
    fn update(group: GroupId, changes: GroupChanges) -> one GroupDetailed
        = UpdateGroup: Either PATCH ["groups", group], json(changes);

    /// Changes a role. The response is not attested. Attested for users (alta-jsapi, models).
    fn update_role(group: GroupId, role: RoleId, changes: RoleChanges) -> one Value
        = UpdateRole: Either PATCH ["groups", group, "roles", role], json(changes);

    /// Creates a server for a group. Attested for users (alta-jsapi).
    fn create_server(group: GroupId, new: NewServer) -> one Server
        = CreateServer: Either POST ["groups", group, "servers"], json(new);

    /// Leaves a group. Attested for users (alta-jsapi, .NET client).
    fn leave(group: GroupId) -> nothing ()
        = LeaveGroup: Either DELETE ["groups", group, "members"], any_scope(&["group.leave"]);
}

/// The query contains the number of the type (alta-jsapi).
fn number(kind: &GroupType) -> &str {
    match kind {
        GroupType::Open => "0",
        GroupType::Public => "1",
        GroupType::Private => "2",
        other => other.as_str(),
    }
}
