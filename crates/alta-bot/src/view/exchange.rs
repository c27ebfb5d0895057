//! What goes into the model and what comes out.

use super::GroupView;
use super::change::Change;
use alta_model::{GroupDetailed, GroupId, Member, Server, ServerId};
use std::sync::Arc;

/// What the task is to do.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    /// A group is different; none if it is gone.
    Changed(GroupId, Option<Arc<GroupView>>, Vec<Change>),
    /// Subscribe to a group's events, and say when they are confirmed.
    Follow(GroupId),
    /// Do not follow it any more, nor read it.
    Leave(GroupId),
    /// Read a group over REST.
    Read(GroupId, Ticket),
    /// List the groups over REST.
    List(Ticket),
}

/// What reading a group over REST has brought.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) group: GroupDetailed,
    pub(super) me: Option<Member>,
    /// None if members are not kept.
    pub(super) members: Option<Vec<Member>>,
    pub(super) servers: Vec<Server>,
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

/// When a reading began, in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Which time it is that the bot belongs to the group: what was read before it left says nothing of now.
    pub(super) membership: u64,
    pub(super) structure: u64,
    pub(super) clock: u64,
}
