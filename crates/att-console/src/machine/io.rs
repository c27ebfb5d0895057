//! What goes into the machine and what comes out of it.

use crate::config::WhenNotReady;
use crate::error::ErrorKind;
use crate::frame::Frame;
use crate::name::EventName;
use crate::status::Trouble;
use alta_socket::{LinkId, Lost};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tracing::Span;

/// A command as a handle hands it in. `R` takes its outcome.
#[derive(Debug)]
pub(crate) struct Order<R> {
    pub(crate) line: Arc<str>,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Instant,
    pub(crate) when_not_ready: WhenNotReady,
    /// Nobody holds it any more once the caller has gone.
    pub(crate) owner: Weak<()>,
    /// In which the command's life is logged; it takes the id.
    pub(crate) span: Span,
    pub(crate) reply: R,
}

impl<R> Order<R> {
    pub(super) fn is_abandoned(&self) -> bool {
        self.owner.strong_count() == 0
    }
}

/// What happens.
#[derive(Debug)]
pub(crate) enum Input<R> {
    /// Access was granted and the websocket is open. `may_change`: asking again may bring another token.
    Opened(LinkId, MayChange),
    /// It could not be opened.
    Failed(LinkId, Failure),
    Frame(LinkId, Frame),
    /// A frame arrived that cannot be read.
    Malformed(LinkId),
    /// Anything else arrived.
    Heard(LinkId),
    Written(LinkId, u32),
    /// The command under this id was taken back before it was handed to the socket.
    Skipped(LinkId, u32),
    /// The command under this id could not be taken back any more.
    NotRecalled(LinkId, u32),
    Lost(LinkId, Lost),
    Order(Box<Order<R>>),
    /// Tell this one when the server has confirmed the subscription.
    Confirm(EventName, R),
    /// Somebody wants this event, or nobody does any more.
    Wanted(EventName, bool),
    /// Try now instead of waiting for the back-off.
    RetryNow,
    Timer,
    Stop,
    /// Nothing runs any more.
    RuntimeEnded,
}

/// Whether asking for access again may bring another token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MayChange(pub(crate) bool);

/// Why a console could not be opened.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Never.
    Refused(String),
    /// Never: the address is of no use.
    Address(String),
    /// Never: the token cannot be sent.
    Token(String),
    /// Not now.
    Trouble {
        trouble: Trouble,
        retry_after: Option<Duration>,
    },
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Output<R> {
    /// Ask for access and dial.
    Open(LinkId),
    /// Send the token.
    Authenticate(LinkId),
    Send {
        link: LinkId,
        id: u32,
        line: Arc<str>,
        /// With an owner, the frame is not sent once the owner has gone.
        owner: Option<Weak<()>>,
    },
    /// Take a command back if it was not handed to the socket yet.
    Recall(LinkId, u32),
    Ping(LinkId),
    Close(LinkId),
    /// Give this outcome to the one who waits for it.
    Resolve(R, Result<Option<Frame>, ErrorKind>),
    /// The server held this subscription, and it is gone with the link, which was last heard at this moment.
    Interrupted(EventName, Instant),
    /// The server is asked whether it still holds this subscription.
    Doubted(EventName),
    /// The server holds this subscription; with the moments between which it did not.
    Confirmed(EventName, Option<(Instant, Instant)>),
    /// The server has no such event.
    Refused(EventName),
    /// Nothing more will come.
    End,
}
