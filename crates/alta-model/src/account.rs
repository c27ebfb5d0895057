use crate::{Group, Server, Timestamp, UserId};

model! {
    /// Whether an account supports the game, of `GET users/{id}/membership` (Alta .NET client).
    pub struct Membership {
        /// Whether it does today.
        required is_member: bool = "is_member",
        /// Until when.
        optional expiry_time: Timestamp = "expiry_time",
    }
}

model! {
    /// An account and its rights, of `GET users/{id}/permissions` (Alta .NET client).
    pub struct UserRights {
        /// The account's id.
        required id: UserId = "id",
        /// The account's name; empty when the server sent none.
        default username: String = "username" | "name",
        /// Its rights, as the tokens' claim `Policy` has them.
        list policies: String = "policies",
        /// Whether its e-mail address is verified.
        optional verified: bool = "verified",
    }
}

model! {
    /// Whether an account may make another group with a server, of `GET groups/create-check` (Alta .NET client).
    pub struct GroupAllowance {
        /// Whether it may.
        required value: bool = "value",
        /// How many more for PC.
        optional pc_left: i64 = "pc_left",
        /// How many more for Quest.
        optional quest_left: i64 = "quest_left",
    }
}

model! {
    /// A group that was made together with its server, by `POST groups/quick-create` (Alta .NET client).
    pub struct QuickGroup {
        /// The group.
        required group: Group = "group",
        /// Its server.
        required server: Server = "server",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rights_are_read_as_far_as_they_are_there() {
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
