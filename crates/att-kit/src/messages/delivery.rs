/// The end of a [`Message`](super::Message) that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The server has accepted it. Some servers also accept a message for everyone when nobody is online.
    Sent,
    /// It was for everyone, and nobody is online.
    Nobody,
    /// It was not sent before its [maximum age](super::Message::max_age).
    TooOld,
    /// It was not sent: the player has left, or is not online.
    Left,
    /// It was not sent: the console is closed.
    Closed,
    /// It was not sent: too many messages (4,096) wait on this console.
    Refused,
}
