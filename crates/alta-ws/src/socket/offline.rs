use super::authorization::Failed;
use super::context::Cx;
use super::io::{MigrationId, OnLink, SocketInput, SocketOutput};
use super::next::{Flow, Next};
use crate::error::{Error, ErrorKind, Sent};
use alta_socket::{Closed, LinkId, NotConnected, deadline_after};
use std::time::{Duration, Instant};

/// The socket has no connection and waits before it opens one.
pub(super) struct Waiting {
    pub(super) until: Instant,
    /// The reason for which there is no connection.
    pub(super) because: NotConnected,
}

impl Waiting {
    /// Waits for the backoff, or for the pause that the server requested (`asked`).
    pub(super) fn begin(because: NotConnected, asked: Option<Duration>, cx: &mut Cx<'_>) -> Self {
        let backoff = &mut cx.core.backoff;
        let asked = asked.map(|asked| asked.min(backoff.cap()));
        Self {
            until: deadline_after(cx.now, backoff.delay(asked)),
            because,
        }
    }

    pub(super) fn handle(&mut self, input: SocketInput, cx: &mut Cx<'_>) -> Flow {
        match input {
            SocketInput::Timer => {
                cx.expire_calls();
                if self.until <= cx.now {
                    return Flow::Break(Next::Opening(cx.open_link()));
                }
            }
            SocketInput::RetryNow => return Flow::Break(Next::Opening(cx.open_link())),
            SocketInput::Migrate(migration) => cx.cannot_migrate(migration),
            SocketInput::Close(error) => {
                cx.close(&error);
                return Flow::Break(Next::Closed);
            }
            SocketInput::Retire => {
                cx.close(&retired());
                return Flow::Break(Next::Closed);
            }
            input => cx.take_offline(input),
        }
        Flow::Continue(())
    }
}

/// The socket opens a connection.
pub(super) struct Opening {
    pub(super) link: LinkId,
    /// True if there never was a connection and no attempt has failed.
    pub(super) is_new: bool,
}

impl Opening {
    pub(super) fn handle(&mut self, input: SocketInput, cx: &mut Cx<'_>) -> Flow {
        match input {
            SocketInput::Link(link, OnLink::Opened) if link == self.link => {
                cx.core.authorization.accepted();
                return Flow::Break(Next::Up(link));
            }
            SocketInput::Link(link, OnLink::Failed(failure)) if link == self.link => {
                match cx.core.authorization.failed(failure) {
                    Failed::Again => self.link = cx.open_link(),
                    Failed::Later(error) => {
                        tracing::debug!(error = error.chain(), "a connection could not be opened");
                        return Flow::Break(Next::Waiting {
                            because: error.why_not_connected(),
                            asked: error.retry_after(),
                        });
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
                return Flow::Break(Next::Closed);
            }
            SocketInput::Retire => {
                cx.close_link(self.link, 1000, "");
                cx.close(&retired());
                return Flow::Break(Next::Closed);
            }
            input => cx.take_offline(input),
        }
        Flow::Continue(())
    }
}

/// The error of a socket that is not needed any more.
pub(super) fn retired() -> Error {
    Error::closed(Closed::ByUs, "closing a socket")
}

impl Cx<'_> {
    /// Takes an input while there is no connection.
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
            SocketInput::Call(call) => self.core.enqueue(call),
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
