use alta_model::{Friend, FriendResult, Listing, UserId};
use serde_json::{Value, json};

endpoints! {
    /// A user's friends (alta-jsapi, .NET client). Needs a user's account.
    pub struct Friends in friends;

    /// The user's friends.
    fn list() -> pages Friend = ListFriends: User GET ["friends"];

    /// The friends of another user.
    fn of(user: UserId) -> pages Friend = ListFriendsOf: User GET ["friends", user];

    /// The friend requests to the user.
    fn requests() -> pages Friend = ListFriendRequests: User GET ["friends", "requests"];

    /// The friend requests of the user.
    fn sent_requests() -> pages Friend = ListSentFriendRequests: User GET ["friends", "requests", "sent"];

    /// Sends a friend request, or accepts the other user's request.
    fn add(user: UserId) -> one FriendResult = AddFriend: User POST ["friends", user];

    /// Ends a friendship, or rejects the other user's request.
    fn remove(user: UserId) -> nothing () = RemoveFriend: User DELETE ["friends", user];

    /// The friendship between two users (.NET client).
    fn between(user: UserId, other: UserId) -> one Friend = GetFriendship: User GET ["friends", user, other];

    /// Makes two users friends (.NET client).
    fn join(user: UserId, other: UserId) -> one FriendResult = JoinFriends: User POST ["friends", user, other];

    /// The user's friends on Oculus who play the game (.NET client), with their
    /// [`oculus_identifier`](Friend::oculus_identifier). The argument is an array of Oculus ids, which are numbers.
    fn on_oculus(friends: Value) -> one Listing<Friend>
        = FindOculusFriends: User POST ["friends", "oculus"], json(&json!({"oculus_friends": friends}));
}
