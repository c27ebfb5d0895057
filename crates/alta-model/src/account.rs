use crate::{Group, Server, Timestamp, UserId};

model! {
    /// The membership of an account that supports the game, from `GET users/{id}/membership` (Alta .NET client).
    pub struct Membership {
        /// True if the account is a supporter today.
        required is_member: bool = "is_member",
        /// The end of the membership.
        optional expiry_time: Timestamp = "expiry_time",
    }
}

model! {
    /// An account and its permissions, from `GET users/{id}/permissions` (Alta .NET client).
    pub struct UserRights {
        /// The account's id.
        required id: UserId = "id",
        /// The account's name; empty when the server sent none.
        default username: String = "username" | "name",
        /// Its permissions, as in the claim `Policy` of tokens.
        list policies: String = "policies",
        /// True if its e-mail address is verified.
        optional verified: bool = "verified",
    }
}

model! {
    /// The number of groups with a server that an account may still create, from `GET groups/create-check` (Alta .NET client).
    pub struct GroupAllowance {
        /// True if it may create one.
        required value: bool = "value",
        /// The number of further groups for PC.
        optional pc_left: i64 = "pc_left",
        /// The number of further groups for Quest.
        optional quest_left: i64 = "quest_left",
    }
}

model! {
    /// A group that was created together with its server, from `POST groups/quick-create` (Alta .NET client).
    pub struct QuickGroup {
        /// The group.
        required group: Group = "group",
        /// Its server.
        required server: Server = "server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn permissions_are_read_if_present() {
        let rights: UserRights =
            serde_json::from_value(json!({"id": "7", "policies": ["supporter"]})).unwrap();
        assert_eq!((rights.id, rights.verified), (UserId::new(7), None));
        assert_eq!(rights.policies, ["supporter"]);
    }

    #[test]
    fn a_group_and_its_server_are_read() {
        let made: QuickGroup =
            serde_json::from_value(json!({"group": {"id": 1}, "server": {"id": 2}})).unwrap();
        assert_eq!((made.group.id.get(), made.server.id.get()), (1, 2));
        assert!(serde_json::from_value::<QuickGroup>(json!({"group": {"id": 1}})).is_err());
    }
}
