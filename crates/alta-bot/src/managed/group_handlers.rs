use crate::bot::Bot;
use crate::view::{GroupView, ServerUpdate};
use alta_model::InvitedGroup;
use att_kit::Work;
use std::sync::Arc;

/// The handlers of invitations, groups and servers.
#[derive(Clone, Default)]
pub(crate) struct GroupHandlers {
    pub(crate) invites: Vec<Function<Invitation>>,
    pub(crate) joined: Vec<Function<Arc<GroupView>>>,
    pub(crate) left: Vec<Function<Arc<GroupView>>>,
    pub(crate) online: Vec<Function<ServerUpdate>>,
    pub(crate) offline: Vec<Function<ServerUpdate>>,
}

pub(crate) type Function<A> = Arc<dyn Fn(Bot, A) -> Work + Send + Sync>;

/// An invitation to a group.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Invitation {
    /// The group.
    pub group: InvitedGroup,
    /// True if it was accepted by [`Rules::invites`](crate::Rules::invites). If not,
    /// [`Invitations::accept`](crate::Invitations::accept) can accept it.
    pub accepted: bool,
}
