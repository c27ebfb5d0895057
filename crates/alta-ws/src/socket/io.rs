//! The inputs and the outputs of the machine.

use crate::error::Error;
use crate::frame::{Frame, Request, Response};
use crate::shared::Reply;
use crate::topic::Topic;
use alta_socket::{Gap, LinkId, Loss, Lost, RawFrame};
use std::sync::Weak;
use std::time::Instant;

/// Something that happened: the input of the pool.
#[derive(Debug)]
pub(crate) enum Input {
    Link(LinkId, OnLink),
    /// A token has come for the requests that wait for one, and this is its generation; or none can be had.
    Token(Result<u64, Error>),
    /// Somebody wants this topic, or nobody does any more.
    Wanted(Topic, bool),
    /// Reply when the server holds this topic.
    Confirm(Topic, Reply<()>),
    Call(Call),
    /// Migrate all sockets now.
    Migrate(Reply<()>),
    Timer,
    Stop,
}

/// Something that happened on one link.
#[derive(Debug)]
pub(crate) enum OnLink {
    Opened,
    Failed(OpenFailure),
    Text(RawFrame),
    /// A binary frame of this length, which the service never sends.
    Binary(usize),
    /// A pong.
    Heard,
    /// The request of this id was handed to the socket.
    Written(u32),
    /// It never will be: it was taken back, or nobody waits for its reply any more.
    Skipped(u32),
    /// It could not be taken back.
    NotRecalled(u32),
    /// It could not be written as a frame.
    Unwritable(u32, Error),
    Lost(Lost),
}

/// A raw request of a handle.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) request: Request,
    pub(crate) deadline: Instant,
    /// Nobody holds it any more when the caller is gone.
    pub(crate) owner: Weak<()>,
    pub(crate) reply: Reply<Response>,
    /// It was repeated after its token was refused, which is done once.
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

/// Why a link could not be opened.
#[derive(Debug)]
pub(crate) enum OpenFailure {
    /// The server refused the token.
    Unauthorized(Error),
    /// There is no token to be had now.
    NoToken(Error),
    /// It may work later.
    Transient(Error),
    /// It never will.
    Final(Error),
}

/// An effect for the driver to perform.
#[derive(Debug)]
pub(crate) enum Output {
    /// Get a token (a new one if the last was refused) and open a link.
    Open {
        link: LinkId,
        renew: bool,
    },
    /// Get a token for requests.
    GetToken,
    /// The token of this generation was refused: the next request needs another.
    Renew {
        generation: u64,
    },
    /// Write the token into a request and send it. With an owner, it is not sent once the owner is gone.
    Send {
        link: LinkId,
        id: u32,
        request: Request,
        owner: Option<Weak<()>>,
    },
    /// Take a request back if it was not handed to the socket yet.
    Recall(LinkId, u32),
    Ping(LinkId),
    Close {
        link: LinkId,
        code: u16,
        reason: &'static str,
    },
    /// Hand an event to its streams.
    Deliver(Frame),
    /// Hand a frame that may have been any event to every stream.
    DeliverToAll(Frame),
    /// The server held this subscription, and the connection that it was on is lost.
    Interrupted(Topic, Loss),
    /// The server holds this subscription; if it was lost, events may be missing.
    Confirmed(Topic, Option<Gap>),
    /// The server refused this subscription for good.
    Refused(Topic, Error),
    /// Give a raw request its result.
    Reply(Reply<Response>, Result<Response, Error>),
    /// Give a result to one that waited for a confirmation or a migration.
    Done(Reply<()>, Result<(), Error>),
    /// Nothing more will come.
    End,
}

/// A consequence of an input to one socket.
#[derive(Debug)]
pub(crate) enum SocketOutput {
    /// For the driver.
    ForDriver(Output),
    /// The socket has forgotten this topic: another may take it.
    Released(Topic),
    /// The result of a migration that was asked for.
    Migrated(MigrationId, Result<(), Error>),
    /// Nothing can work any more, on no socket.
    Fatal(Error),
}

/// Names one wish to migrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MigrationId(pub(crate) u64);
