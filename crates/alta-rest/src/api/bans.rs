use alta_model::{GroupId, Member, UserId};

endpoints! {
    /// Who is banned from a group.
    pub struct Bans in bans;

    /// The banned accounts of a group.
    fn list(group: GroupId) -> pages Member
        = ListBans: Either GET ["groups", group, "bans"], any_scope(&["group.members"]);

    /// Bans an account from a group.
    fn ban(group: GroupId, user: UserId) -> one Member
        = Ban: Either POST ["groups", group, "bans", user], any_scope(&["group.members"]);

    /// Lifts a ban.
    fn unban(group: GroupId, user: UserId) -> one Member
        = Unban: Either DELETE ["groups", group, "bans", user], any_scope(&["group.members"]);
}
