use alta_model::{GroupId, Member, UserId};

endpoints! {
    /// The bans of a group.
    pub struct Bans in bans;

    /// The banned accounts of a group.
    #[doc(alias = "request_group_bans")]
    fn list(group: GroupId) -> pages Member
        = ListBans: Either GET ["groups", group, "bans"], any_scope(&["group.members"]);

    /// Bans an account from a group.
    #[doc(alias = "request_ban_player")]
    fn ban(group: GroupId, user: UserId) -> one Member
        = Ban: Either POST ["groups", group, "bans", user], any_scope(&["group.members"]);

    /// Lifts a ban.
    #[doc(alias = "request_unban_player")]
    fn unban(group: GroupId, user: UserId) -> one Member
        = Unban: Either DELETE ["groups", group, "bans", user], any_scope(&["group.members"]);
}
