//! What goes into the model and what comes out.

use super::GroupView;
use super::agenda::Part;
use super::change::Change;
use alta_model::{GroupDetailed, GroupId, JoinedGroup, Listing, Member, Server, ServerId};
use std::sync::Arc;

/// What the task is to do.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    /// A group is different; none if it is gone.
    Changed(GroupId, Option<Arc<GroupView>>, Vec<Change>),
    /// Subscribe to a group's events, and say when they are confirmed.
    Follow(GroupId),
    /// Do not follow it any more.
    Leave(GroupId),
    /// Read this over REST, and say what it has brought.
    Read(Part, Ticket),
}

/// What reading a part over REST has brought.
#[derive(Clone, Debug)]
pub(super) enum Found {
    List(Listing<JoinedGroup>),
    Group(GroupDetailed),
    /// All members, but for what could not be read of them.
    Members(Listing<Member>),
    /// The bot's own membership, where other members are not kept.
    Me(Member),
    Server(Box<Server>),
    /// There is no such server.
    NoServer,
}

/// A reading that has failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Failed {
    pub(super) because: String,
    /// The members that were read before a page could not be.
    pub(super) members: Vec<Member>,
}

/// Something a group's subscription says.
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
    /// Something was not seen or not understood.
    Missed,
}

/// What the console of a server says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConsoleSays {
    /// It is connected.
    Connected,
    /// It is not connected.
    Lost,
    /// It is not connected, since the server is not up.
    NotUp,
}

/// Which reading of a part it is, and when it began, in events about that part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) serial: u64,
    pub(super) stamp: u64,
}
