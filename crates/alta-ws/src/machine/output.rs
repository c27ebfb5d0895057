use crate::error::Error;
use crate::frame::{Frame, Request, Response};
use crate::topic::Topic;
use alta_socket::LinkId;
use std::time::Instant;

/// Names one thing that a handle waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CallId(pub(crate) u64);

/// What the driver is to do.
#[derive(Debug)]
pub(crate) enum Output {
    /// Get a token (a new one if the last was refused) and open a link.
    Open { link: LinkId, renew: bool },
    /// Write the token into a request and send it.
    Send {
        link: LinkId,
        id: u32,
        request: Request,
        call: Option<CallId>,
    },
    /// Take a request back if it has not left yet: nobody waits for its answer any more.
    Recall { link: LinkId, id: u32 },
    /// The token of this generation was refused: the next request needs another.
    Renew { generation: u64 },
    /// Send a ping.
    Ping(LinkId),
    /// Close a link.
    Close {
        link: LinkId,
        code: u16,
        reason: &'static str,
    },
    /// Hand an event to its readers.
    Deliver(Frame),
    /// The server held this subscription, and the link that it was on is lost.
    Interrupted { topic: Topic, loss: Loss },
    /// Hand a frame that may have been any event to every reader.
    DeliverToAll(Frame),
    /// The server holds this subscription; if it was lost, events may be missing.
    Confirmed { topic: Topic, gap: Option<Gap> },
    /// The server refused this subscription for good.
    Refused { topic: Topic, error: Error },
    /// What a raw request came to.
    Answer {
        call: CallId,
        result: Result<Response, Error>,
    },
    /// A raw request was not answered in time; whether it was sent the driver knows best.
    Expired {
        call: CallId,
        link: LinkId,
        id: u32,
        error: Error,
    },
    /// What a migration that was asked for came to.
    Migrated {
        call: CallId,
        result: Result<(), Error>,
    },
}

/// When a subscription was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// When the link was last heard.
    pub(crate) since: Instant,
    /// When it was noticed that it was lost: who came later has missed nothing.
    pub(crate) noticed: Instant,
}

/// The time in which events may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// When the link was last heard.
    pub(crate) since: Instant,
    /// When it was noticed that it was lost: who came later has missed nothing.
    pub(crate) noticed: Instant,
    /// When the server confirmed the subscription.
    pub(crate) until: Instant,
}
