use crate::{Skipped, TimeSpan, Timestamp, UserId};

model! {
    /// An account, of a player or a bot: `{id, username}` in REST responses and in events.
    ///
    /// The other fields are present in a public profile or in the user's own account.
    #[doc(alias = "UserInfo")]
    pub struct User {
        /// The account's id, which never changes.
        required id: UserId = "id",
        /// The account's name; empty when the server sent none. One documentation sample calls it `name`.
        default username: String = "username" | "name",
        /// The time of its creation and the time played; in public profiles.
        optional statistics: Statistics = "statistics",
        /// True if the account is a supporter of the game; in public profiles.
        optional is_supporter: bool = "is_supporter",
        /// Only in the user's own account.
        optional first_name: String = "first_name",
        /// Only in the user's own account.
        optional last_name: String = "last_name",
        /// Only in the user's own account.
        optional email: String = "email",
    }
}

impl User {
    /// An account with only this id and name.
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
    /// An account's history, from `GET users/{id}/statistics` (alta-jsapi, Alta .NET models).
    pub struct Statistics {
        /// The time of the account's creation.
        optional sign_up_time: Timestamp = "sign_up_time",
        /// The time played.
        optional play_time: TimeSpan = "play_time",
    }
}

model! {
    /// A friend, or a friend request (alta-jsapi, Alta .NET models).
    pub struct Friend {
        /// The id of the other account.
        required id: UserId = "id",
        /// The name of the other account; empty when the server sent none.
        default username: String = "username" | "name",
        /// The start of the friendship, or the time of the request.
        optional created_at: Timestamp = "created_at",
        /// The number of the other account's icon.
        optional icon: i64 = "icon",
        /// The state of the friendship.
        optional r#type: FriendshipType = "type",
        /// The other account's id on Oculus; only in a search for it.
        optional oculus_identifier: u64 = "oculus_identifier",
    }
}

open_enum! {
    /// The state of a friendship (Alta .NET models).
    pub enum FriendshipType {
        /// This account sent a request.
        WaitingForReply: "WaitingForReply" = 0,
        /// The other account sent a request.
        Requested: "Requested" = 1,
        /// The accounts are friends.
        Accepted: "Accepted" = 2,
        /// The accounts have no relation.
        None: "None" = -1,
    }
}

model! {
    /// The response to a friend request (Alta .NET models).
    pub struct FriendResult {
        /// The outcome.
        optional result: FriendRequestOutcome = "result",
        /// The friendship from this account's side.
        optional friendship: Friend = "friendship",
        /// The friendship from the other account's side.
        optional reverse_friendship: Friend = "reverse_friendship",
    }
}

open_enum! {
    /// The outcome of a friend request (Alta .NET models).
    pub enum FriendRequestOutcome {
        /// The other account had sent a request, too: they are friends now.
        Befriended: "Befriended" = 0,
        /// The request is pending.
        RequestSent: "RequestSent" = 1,
        /// The accounts were friends before.
        AlreadyFriends: "AlreadyFriends" = 2,
        /// A request was pending already.
        AlreadyRequested: "AlreadyRequested" = 3,
    }
}
