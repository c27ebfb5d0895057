//! The inputs and outputs of the model.

use super::GroupView;
use super::change::Change;
use super::schedule::Part;
use alta_model::{GroupDetailed, GroupId, JoinedGroup, Listing, Member, Server, ServerId};
use std::sync::Arc;

/// An operation for the driver.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    /// Publish the new state of a group; `None` if the bot has left it.
    Changed(GroupId, Option<Arc<GroupView>>, Vec<Change>),
    /// Subscribe to a group's events, and call [`Model::subscribed`](super::model::Model::subscribed) when they are confirmed.
    Subscribe(GroupId),
    /// Unsubscribe from a group's events.
    Unsubscribe(GroupId),
    /// Read this part over REST, and call [`Model::done`](super::model::Model::done) with the result.
    Read(Part, Ticket),
}

/// The result of a reading.
#[derive(Clone, Debug)]
pub(super) enum Fetched {
    List(Listing<JoinedGroup>),
    Group(GroupDetailed),
    /// All members, except those that could not be decoded.
    Members(Listing<Member>),
    /// The bot's own membership, if the view does not contain the other members.
    Me(Member),
    Server(Box<Server>),
    /// The server does not exist.
    NoServer,
}

/// The error of a reading.
#[derive(Clone, Debug, Default)]
pub(super) struct FetchFailed {
    pub(super) because: String,
    /// The members of the pages before the failed one.
    pub(super) members: Vec<Member>,
}

/// An item of a group's subscription.
#[derive(Clone, Debug)]
pub(super) enum GroupEvent {
    Updated(GroupDetailed),
    Member(Member),
    MemberGone(Member),
    ServerMade(Server),
    ServerGone(ServerId),
    ServerUpdated(Server),
    Status(Server),
    Heartbeat(Server),
    /// An event was missed or could not be decoded.
    Missed,
}

/// The state of a server's console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConsoleState {
    /// It is connected.
    Connected,
    /// It is not connected.
    Lost,
    /// It is not connected, since the server does not run.
    NotUp,
}

/// The number of a reading, and the number of events about its part when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) serial: u64,
    pub(super) stamp: u64,
}
