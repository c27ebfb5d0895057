use crate::{Skipped, TimeSpan, Timestamp, UserId};

model! {
    /// An account, of a player or a bot: `{id, username}` in REST answers and in events.
    ///
    /// Where the account service tells more (a public profile, or one's own), the other fields are filled.
    #[doc(alias = "UserInfo")]
    pub struct User {
        /// The account's id, which never changes.
        required id: UserId = "id",
        /// The account's name; empty when the server sent none. One documentation sample calls it `name`.
        default username: String = "username" | "name",
        /// When the account was made and how long it played; on public profiles.
        optional statistics: Statistics = "statistics",
        /// Whether the account supports the game; on public profiles.
        optional is_supporter: bool = "is_supporter",
        /// Only on one's own account.
        optional first_name: String = "first_name",
        /// Only on one's own account.
        optional last_name: String = "last_name",
        /// Only on one's own account.
        optional email: String = "email",
    }
}

impl User {
    /// An account of which only this is known.
    pub fn new(id: UserId, username: impl Into<String>) -> Self {
        Self {
            id,
            username: username.into(),
            statistics: None,
            is_supporter: None,
            first_name: None,
            last_name: None,
            email: None,
            skipped: Skipped::default(),
        }
    }
}

model! {
    /// An account's history, of `GET users/{id}/statistics` (alta-jsapi, Alta .NET models).
    pub struct Statistics {
        /// When the account was made.
        optional sign_up_time: Timestamp = "sign_up_time",
        /// How long it played.
        optional play_time: TimeSpan = "play_time",
    }
}

model! {
    /// A friend, or a request for friendship (alta-jsapi, Alta .NET models).
    pub struct Friend {
        /// The other's id.
        required id: UserId = "id",
        /// The other's name; empty when the server sent none.
        default username: String = "username" | "name",
        /// When the two became friends, or the request was sent.
        optional created_at: Timestamp = "created_at",
        /// The number of the other's picture.
        optional icon: i64 = "icon",
        /// How far the friendship has come.
        optional r#type: FriendshipType = "type",
        /// The other's id on Oculus; only where friends are looked for by it.
        optional oculus_identifier: u64 = "oculus_identifier",
    }
}

open_enum! {
    /// How far a friendship has come (Alta .NET models).
    pub enum FriendshipType {
        /// This account asked and has no answer.
        WaitingForReply: "WaitingForReply" = 0,
        /// The other account asked.
        Requested: "Requested" = 1,
        /// They are friends.
        Accepted: "Accepted" = 2,
        /// Nothing.
        None: "None" = -1,
    }
}

model! {
    /// The answer to asking for a friendship (Alta .NET models).
    pub struct FriendResult {
        /// What came of it.
        optional result: FriendRequestOutcome = "result",
        /// The friendship as this account sees it.
        optional friendship: Friend = "friendship",
        /// The friendship as the other account sees it.
        optional reverse_friendship: Friend = "reverse_friendship",
    }
}

open_enum! {
    /// What came of asking for a friendship (Alta .NET models).
    pub enum FriendRequestOutcome {
        /// The other had asked as well: they are friends now.
        Befriended: "Befriended" = 0,
        /// The request waits for the other's answer.
        RequestSent: "RequestSent" = 1,
        /// They were friends before.
        AlreadyFriends: "AlreadyFriends" = 2,
        /// A request was waiting already.
        AlreadyRequested: "AlreadyRequested" = 3,
    }
}
