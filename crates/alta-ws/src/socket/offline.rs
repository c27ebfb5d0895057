use super::up::Up;
use super::{Cx, MigrationId, OnLink, OpenFailure, SocketInput, SocketOutput, State};
use crate::error::{Error, ErrorKind, Sent};
use alta_auth::Token;
use alta_socket::{Closed, LinkId, NotConnected, later};
use std::time::{Duration, Instant};

/// The record of a token that the server refused at the upgrade; one such refusal is tolerated.
#[derive(Debug, Default)]
pub(super) struct Authorization {
    refusal: Option<Error>,
    /// The refused token, until another one is used.
    pub(super) refused: Option<Token>,
}

/// The consequence of a failure to open a link.
pub(super) enum Failed {
    /// Open another link at once.
    Again,
    /// Open another link later.
    Later(Error),
    /// No link can be opened any more.
    Final(Error),
}

impl Authorization {
    /// The server accepted a token.
    pub(super) fn accepted(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, failure: OpenFailure) -> Failed {
        match failure {
            OpenFailure::Unauthorized(error, token) if self.refusal.is_none() => {
                self.refusal = Some(error);
                self.refused = Some(token);
                Failed::Again
            }
            OpenFailure::Unauthorized(error, _) => Failed::Final(error),
            // The token had to be renewed, and that failed: the server's refusal is the cause.
            OpenFailure::Final(error) => Failed::Final(self.refusal.take().unwrap_or(error)),
            OpenFailure::NoToken(error) => Failed::Later(error),
            OpenFailure::Transient(error) => {
                // The next token differs from the refused one.
                *self = Self::default();
                Failed::Later(error)
            }
        }
    }
}

/// The socket has no connection and waits before it opens one.
pub(super) struct Waiting {
    pub(super) until: Instant,
    /// The reason for which there is no connection.
    pub(super) because: NotConnected,
}

impl Waiting {
    /// Waits for the backoff, or for the pause that the server requested (`asked`).
    pub(super) fn begin(because: NotConnected, asked: Option<Duration>, cx: &mut Cx<'_>) -> State {
        let backoff = &mut cx.core.backoff;
        let asked = asked.map(|asked| asked.min(backoff.cap()));
        State::Waiting(Self {
            until: later(cx.now, backoff.delay(asked)),
            because,
        })
    }

    pub(super) fn handle(self, input: SocketInput, cx: &mut Cx<'_>) -> State {
        match input {
            SocketInput::Timer => {
                cx.expire_calls();
                if self.until <= cx.now {
                    return Opening::begin(false, cx);
                }
            }
            SocketInput::Migrate(migration) => cx.cannot_migrate(migration),
            SocketInput::Close(error) => {
                cx.close(&error);
                return State::Closed;
            }
            SocketInput::Retire => {
                cx.close(&retired());
                return State::Closed;
            }
            input => cx.take_offline(input),
        }
        State::Waiting(self)
    }
}

/// The socket opens a connection.
pub(super) struct Opening {
    pub(super) link: LinkId,
    /// True if there never was a connection and no attempt has failed.
    pub(super) is_new: bool,
}

impl Opening {
    pub(super) fn begin(is_new: bool, cx: &mut Cx<'_>) -> State {
        let link = cx.open_link();
        State::Opening(Self { link, is_new })
    }

    pub(super) fn handle(mut self, input: SocketInput, cx: &mut Cx<'_>) -> State {
        match input {
            SocketInput::Link(link, OnLink::Opened) if link == self.link => {
                cx.core.authorization.accepted();
                return Up::begin(link, cx);
            }
            SocketInput::Link(link, OnLink::Failed(failure)) if link == self.link => {
                match cx.core.authorization.failed(failure) {
                    Failed::Again => self.link = cx.open_link(),
                    Failed::Later(error) => {
                        tracing::debug!(error = error.chain(), "a connection could not be opened");
                        return Waiting::begin(error.trouble(), error.retry_after(), cx);
                    }
                    Failed::Final(error) => cx.outputs.push(SocketOutput::Fatal(error)),
                }
            }
            SocketInput::Timer => cx.expire_calls(),
            // Its first connection is about to open: there is no newer one.
            SocketInput::Migrate(migration) if self.is_new => {
                cx.migrated(migration, Ok(()));
            }
            SocketInput::Migrate(migration) => cx.cannot_migrate(migration),
            SocketInput::Close(error) => {
                cx.close_link(self.link, 1000, "");
                cx.close(&error);
                return State::Closed;
            }
            SocketInput::Retire => {
                cx.close_link(self.link, 1000, "");
                cx.close(&retired());
                return State::Closed;
            }
            input => cx.take_offline(input),
        }
        State::Opening(self)
    }
}

/// The error of a socket that is not needed any more.
pub(super) fn retired() -> Error {
    Error::closed(Closed::ByUs, "closing a socket")
}

impl Cx<'_> {
    /// Takes a migration request while there is no connection.
    fn take_offline(&mut self, input: SocketInput) {
        match input {
            SocketInput::Want(topic) => {
                self.core.ledger.want(&topic);
            }
            SocketInput::Unwant(topic) => {
                let is_forgotten = self.core.ledger.unwant(&topic, self.now);
                if is_forgotten {
                    self.released(topic);
                }
            }
            SocketInput::Call(call) => self.core.line_up(call),
            // Inputs of closed links.
            _ => {}
        }
    }

    fn cannot_migrate(&mut self, migration: MigrationId) {
        let sent = Sent::NotSent;
        let error = Error::new(ErrorKind::Disconnected { sent }, "migrating");
        self.migrated(migration, Err(error));
    }
}
