use alta_model::{GroupId, InvitedGroup, Member, UserId};

endpoints! {
    /// Invitations: those to the account, and those of its groups.
    pub struct Invites in invites;

    /// The groups to which the account is invited.
    #[doc(alias = "request_invites")]
    fn list() -> pages InvitedGroup = ListInvites: Either GET ["groups", "invites"];

    /// Accepts an invitation. Rejected if it was accepted before.
    #[doc(alias = "request_accept_invite")]
    fn accept(group: GroupId) -> one Member
        = AcceptInvite: Either POST ["groups", "invites", group], any_scope(&["group.join"]);

    /// Rejects an invitation.
    #[doc(alias = "request_reject_invite")]
    fn reject(group: GroupId) -> one Member
        = RejectInvite: Either DELETE ["groups", "invites", group], any_scope(&["group.join", "group.leave"]);

    /// The accounts that are invited to a group.
    #[doc(alias = "request_check_pending_invites")]
    fn of_group(group: GroupId) -> pages Member
        = ListGroupInvites: Either GET ["groups", group, "invites"], any_scope(&["group.invite"]);

    /// Invites an account to a group.
    #[doc(alias = "request_invite_player_id")]
    fn send(group: GroupId, user: UserId) -> one Member
        = SendInvite: Either POST ["groups", group, "invites", user], any_scope(&["group.invite"]);

    /// Revokes an invitation to a group; the member type in the response is `Kicked`.
    #[doc(alias = "request_uninvite_player_id")]
    fn revoke(group: GroupId, user: UserId) -> one Member
        = RevokeInvite: Either DELETE ["groups", group, "invites", user], any_scope(&["group.invite"]);
}
