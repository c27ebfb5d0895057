//! The inputs and the outputs of the machine.

use crate::error::Error;
use crate::frame::{Frame, Request, Response};
use crate::shared::Reply;
use crate::tokens::{CurrentToken, TokenRequest};
use crate::topic::Topic;
use alta_auth::Token;
use alta_socket::{Gap, LinkId, Loss, Lost, RawFrame};
use std::sync::Weak;
use std::time::Instant;

/// An input of the pool.
#[derive(Debug)]
pub(crate) enum Input {
    Link(LinkId, OnLink),
    /// The result of [`Output::GetToken`].
    Token(Result<Token, Error>),
    /// A stream needs this topic, or no stream needs it any more.
    Wanted(Topic, bool),
    /// Reply when the server holds this topic.
    Confirm(Topic, Reply<()>),
    Call(Call),
    /// Migrate all sockets now.
    Migrate(Reply<()>),
    /// Connect now instead of after the backoff.
    RetryNow,
    Timer,
    Stop,
}

/// An input about one link.
#[derive(Debug)]
pub(crate) enum OnLink {
    Opened,
    Failed(OpenFailure),
    Text(RawFrame),
    /// A binary frame of this length, which the service never sends.
    Binary(usize),
    /// A pong.
    Heard,
    /// The link has written the request with this id to the network.
    Written(u32),
    /// The request will not be sent: it was canceled, or its caller is gone.
    Skipped(u32),
    /// The request was sent before it could be canceled.
    NotRecalled(u32),
    /// The request could not be encoded as a frame.
    Unwritable(u32, Error),
    Lost(Lost),
}

/// A raw request of a handle.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) request: Request,
    pub(crate) deadline: Instant,
    /// Dead when the caller is gone.
    pub(crate) owner: Weak<()>,
    pub(crate) reply: Reply<Response>,
    /// It was repeated after its token was refused; this happens once.
    pub(crate) renewed: bool,
}

impl Call {
    pub(super) fn is_abandoned(&self) -> bool {
        self.owner.strong_count() == 0
    }

    /// Ends it with this result.
    pub(super) fn end(self, result: Result<Response, Error>) -> Output {
        Output::Reply(self.reply, result)
    }
}

/// The reason for which a link could not be opened.
#[derive(Debug)]
pub(crate) enum OpenFailure {
    /// The server refused this token.
    Unauthorized(Error, Token),
    /// There is no token now.
    NoToken(Error),
    /// A later attempt can succeed.
    Transient(Error),
    /// No later attempt can succeed.
    Final(Error),
}

/// An input of one socket.
#[derive(Debug)]
pub(crate) enum SocketInput {
    Link(LinkId, OnLink),
    /// The token for the requests that wait for one, or the reason why there is none.
    Token(Result<CurrentToken, Error>),
    Want(Topic),
    Unwant(Topic),
    Call(Call),
    Migrate(MigrationId),
    RetryNow,
    Timer,
    /// Send the requests that can be sent now: a batch of another socket has ended, or a topic was moved.
    SendRequests,
    /// End everything; all waiting callers get this error.
    Close(Error),
    /// Close, since this socket is not needed any more.
    Retire,
}

/// An effect for the driver to perform.
#[derive(Debug)]
pub(crate) enum Output {
    /// Get a token other than the refused one, and open a link with it.
    Open {
        link: LinkId,
        refused: Option<Token>,
    },
    /// Get a token for requests.
    GetToken(TokenRequest),
    /// Add the token to a request and send it. A request with an owner is not sent after the owner is gone.
    Send {
        link: LinkId,
        id: u32,
        token: Token,
        request: Request,
        owner: Option<Weak<()>>,
    },
    /// Cancel a request that the link has not sent yet.
    Recall(LinkId, u32),
    Ping(LinkId),
    Close {
        link: LinkId,
        code: u16,
        reason: &'static str,
    },
    /// Deliver an event to its streams.
    Deliver(Frame),
    /// Deliver a frame that may be any event to every stream.
    DeliverToAll(Frame),
    /// The server held this subscription, and its connection is lost.
    Interrupted(Topic, Loss),
    /// The server holds this subscription; if it was lost, events may be missing.
    Confirmed(Topic, Option<Gap>),
    /// The server refused this subscription permanently.
    Refused(Topic, Error),
    /// Deliver the result of a raw request.
    Reply(Reply<Response>, Result<Response, Error>),
    /// Deliver a result to a caller that waited for a confirmation or a migration.
    Done(Reply<()>, Result<(), Error>),
    /// The client is closed; no output follows.
    End,
}

/// A consequence of an input to one socket.
#[derive(Debug)]
pub(crate) enum SocketOutput {
    /// For the driver.
    ForDriver(Output),
    /// Requests wait for a token.
    NeedsToken,
    /// The server refused a request with the token of this generation.
    TokenRefused(u64),
    /// The socket has dropped this topic: another socket can take it.
    Released(Topic),
    /// The result of a requested migration.
    Migrated(MigrationId, Result<(), Error>),
    /// The whole client must end.
    Fatal(Error),
}

/// The id of a request to migrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MigrationId(pub(crate) u64);
