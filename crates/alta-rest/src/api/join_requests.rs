use alta_model::{Group, GroupId, Member, UserId};

endpoints! {
    /// Requests to join: those of the account, and those to its groups.
    pub struct JoinRequests in join_requests;

    /// The groups that the account has requested to join. Attested for users (alta-jsapi, .NET client).
    fn list() -> pages Group = ListJoinRequests: Either GET ["groups", "requested"];

    /// Requests to join a group. Attested for users (alta-jsapi, .NET client).
    fn ask(group: GroupId) -> one Member
        = AskToJoin: Either POST ["groups", group, "requests"], any_scope(&["group.join"]);

    /// Withdraws the account's request. Attested for users (alta-jsapi, .NET client).
    fn withdraw(group: GroupId) -> one Member
        = WithdrawJoinRequest: Either DELETE ["groups", group, "requests"], any_scope(&["group.join", "group.leave"]);

    /// The accounts that request to join a group.
    #[doc(alias = "request_pending_requests")]
    fn of_group(group: GroupId) -> pages Member = ListGroupJoinRequests: Either GET ["groups", group, "requests"];

    /// Accepts a request. (It is a PUT: py-tale and js-tale send a POST and get 405.)
    #[doc(alias = "request_approve_invite")]
    fn accept(group: GroupId, user: UserId) -> one Member
        = AcceptJoinRequest: Either PUT ["groups", group, "requests", user];

    /// Rejects a request.
    #[doc(alias = "request_decline_invite")]
    fn reject(group: GroupId, user: UserId) -> one Member
        = RejectJoinRequest: Either DELETE ["groups", group, "requests", user];
}
