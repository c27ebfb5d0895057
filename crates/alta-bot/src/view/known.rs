use super::ServerView;
use alta_model::Member;
use std::ops::Deref;
use std::sync::Arc;

/// How it is known whether a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Known {
    /// It was found so when the bot began to look at it: at the bot's start, when the bot joined the group, or when the
    /// rules came to allow the group.
    AtStart,
    /// It has just come about: an event, a heartbeat or the server's console told so, or the server was asked for since its
    /// heartbeats had stopped.
    Now,
    /// It was found so by reading everything again, or by the first word after events had been missed. It came about
    /// some time before.
    AfterGap,
}

/// A server that runs or doesn't, as [`on_server_online`](crate::Managed::on_server_online) and
/// [`on_server_offline`](crate::Managed::on_server_offline) are told of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerNews {
    /// The server as it is.
    pub server: Arc<ServerView>,
    /// How that is known.
    pub known: Known,
}

impl ServerNews {
    pub(crate) fn new(server: Arc<ServerView>, known: Known) -> Self {
        Self { server, known }
    }
}

impl Deref for ServerNews {
    type Target = ServerView;

    fn deref(&self) -> &ServerView {
        &self.server
    }
}

/// What a view knows of somebody in a group; see [`GroupView::member`](crate::GroupView::member).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Membership<'a> {
    /// A member.
    Known(&'a Member),
    /// No member.
    Absent,
    /// The members have not been read yet, or are [not kept](crate::ViewConfig::members).
    NotKnownYet,
}

impl<'a> Membership<'a> {
    /// The member, if that is what it is.
    pub fn known(self) -> Option<&'a Member> {
        match self {
            Self::Known(member) => Some(member),
            Self::Absent | Self::NotKnownYet => None,
        }
    }
}
