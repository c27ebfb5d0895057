//! The inputs and outputs of the machine.

use crate::config::WhenNotReady;
use crate::error::ErrorKind;
use crate::status::NotConnected;
use crate::wire::event_name::EventName;
use crate::wire::frame::Frame;
use alta_socket::{LinkId, Lost};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tracing::Span;

/// A command of a handle. `R` takes its result.
#[derive(Debug)]
pub(crate) struct PendingCommand<R> {
    /// Dropped with the caller's future.
    pub(crate) line: Weak<String>,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Instant,
    pub(crate) when_not_ready: WhenNotReady,
    /// The span of the command's log lines. The id is recorded in it.
    pub(crate) span: Span,
    pub(crate) reply: R,
}

impl<R> PendingCommand<R> {
    pub(super) fn is_abandoned(&self) -> bool {
        self.line.strong_count() == 0
    }
}

/// An input.
#[derive(Debug)]
pub(crate) enum Input<R> {
    /// Access was granted and the websocket is open.
    Opened(LinkId, MayChange),
    /// The link could not be opened.
    Failed(LinkId, Failure),
    Frame(LinkId, Frame),
    /// An unreadable frame arrived.
    Malformed(LinkId),
    /// Other bytes arrived.
    Heard(LinkId),
    Written(LinkId, u32),
    /// The command with this id was canceled before it was sent.
    Skipped(LinkId, u32),
    /// The command with this id was sent before it could be canceled.
    NotRecalled(LinkId, u32),
    Lost(LinkId, Lost),
    Command(Box<PendingCommand<R>>),
    /// A request for a notification when the server has confirmed the subscription.
    Confirm(EventName, R),
    /// The event is wanted, or no longer wanted.
    Wanted(EventName, bool),
    /// A request to connect now instead of after the backoff.
    RetryNow,
    Timer,
    Stop,
    /// The runtime has ended.
    RuntimeEnded,
}

/// True if the token can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MayChange(pub(crate) bool);

/// The reason for which a console could not be opened.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Final: access is refused.
    Refused(String),
    /// Final: the address cannot be used.
    Address(String),
    /// Final: the token cannot be sent.
    Token(String),
    /// Temporary.
    NotConnected {
        because: NotConnected,
        retry_after: Option<Duration>,
    },
}

/// An output.
#[derive(Debug)]
pub(crate) enum Output<R> {
    /// Request access and open the link.
    Open(LinkId),
    /// Wait until the access changes, and then retry. The next link to open ends the wait.
    AwaitChange,
    /// Send the token.
    Authenticate(LinkId),
    Send {
        link: LinkId,
        id: u32,
        line: Arc<String>,
        /// With an owner, the frame is not sent once the owner is dropped.
        owner: Option<Weak<String>>,
    },
    /// Cancel a command that the link has not sent yet.
    Recall(LinkId, u32),
    Ping(LinkId),
    Close(LinkId),
    /// Give the result to its receiver.
    Resolve(R, Result<Option<Frame>, ErrorKind>),
    /// The subscription was lost with its link, whose last frame arrived at this instant.
    Interrupted(EventName, Instant),
    /// Pass a frame that can be an event of any name to every stream.
    DeliverToAll(Frame),
    /// A request checks whether the server still holds this subscription.
    Doubted(EventName),
    /// The server holds this subscription. The instants are the limits of the gap, if there was one.
    Confirmed(EventName, Option<(Instant, Instant)>),
    /// The server has no such event.
    Refused(EventName),
    /// The machine has ended.
    End,
}
