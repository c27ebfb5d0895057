use alta_model::{Friend, FriendResult, Listing, UserId};
use serde_json::{Value, json};

endpoints! {
    /// A user's friends (alta-jsapi, .NET client). Needs a user's account.
    pub struct Friends in friends;

    /// The user's friends.
    fn list() -> pages Friend = ListFriends: User GET ["friends"];

    /// The friends of another user.
    fn of(user: UserId) -> pages Friend = ListFriendsOf: User GET ["friends", user];

    /// Who asks to be the user's friend.
    fn requests() -> pages Friend = ListFriendRequests: User GET ["friends", "requests"];

    /// Whom the user asked.
    fn sent_requests() -> pages Friend = ListSentFriendRequests: User GET ["friends", "requests", "sent"];

    /// Asks for a friendship, or accepts the other's request.
    fn add(user: UserId) -> one FriendResult = AddFriend: User POST ["friends", user];

    /// Ends a friendship, or rejects the other's request.
    fn remove(user: UserId) -> nothing () = RemoveFriend: User DELETE ["friends", user];

    /// How two users stand to each other (.NET client).
    fn between(user: UserId, other: UserId) -> one Friend = GetFriendship: User GET ["friends", user, other];

    /// Makes two users friends (.NET client).
    fn join(user: UserId, other: UserId) -> one FriendResult = JoinFriends: User POST ["friends", user, other];

    /// Which of the user's friends on Oculus play (.NET client): the answers have
    /// [`oculus_identifier`](Friend::oculus_identifier). The list holds ids on Oculus, which are numbers.
    fn on_oculus(friends: Value) -> one Listing<Friend>
        = FindOculusFriends: User POST ["friends", "oculus"], json(&json!({"oculus_friends": friends}));
}
