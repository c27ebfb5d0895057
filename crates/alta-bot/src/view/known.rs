use super::ServerView;
use alta_model::Member;
use std::ops::Deref;
use std::sync::Arc;

/// The source of a server's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Known {
    /// It was read when the bot began to follow the server: at the bot's start, after the bot joined the group, or after the
    /// rules allowed the group.
    AtStart,
    /// It has just changed: an event, a heartbeat or the server's console has reported it, or the server was read because its
    /// heartbeats had stopped.
    Now,
    /// It was read again after events may have been missed, or the first event after that has reported it. The change happened
    /// some time before.
    AfterGap,
}

/// The argument of [`on_server_online`](crate::ManagedBuilder::on_server_online) and
/// [`on_server_offline`](crate::ManagedBuilder::on_server_offline): a server, and how its state is known.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerUpdate {
    /// The server.
    pub server: Arc<ServerView>,
    /// The source of its state.
    pub known: Known,
}

impl ServerUpdate {
    pub(crate) fn new(server: Arc<ServerView>, known: Known) -> Self {
        Self { server, known }
    }
}

impl Deref for ServerUpdate {
    type Target = ServerView;

    fn deref(&self) -> &ServerView {
        &self.server
    }
}

/// The membership of a user in a group; see [`GroupView::member`](crate::GroupView::member).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Membership<'a> {
    /// The user is a member.
    Known(&'a Member),
    /// The user is no member.
    Absent,
    /// The members were not read yet, or the view [does not contain them](crate::ViewConfig::members).
    NotKnownYet,
}

impl<'a> Membership<'a> {
    /// The member, if the user is one.
    pub fn known(self) -> Option<&'a Member> {
        match self {
            Self::Known(member) => Some(member),
            Self::Absent | Self::NotKnownYet => None,
        }
    }
}
