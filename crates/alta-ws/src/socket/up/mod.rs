//! The state with an open connection. Its files handle its frames, replies, topics, batches and migrations.

mod batch;
pub(super) mod conn;
mod frames;
pub(super) mod migration;
mod migration_steps;
mod outcome;
mod reply;
mod topics;

use super::authorization::Failed;
use super::context::{Core, Cx};
use super::io::{MigrationId, OnLink, OpenFailure, SocketInput, SocketOutput};
use super::next::{Flow, Next};
use super::offline::retired;
use crate::error::{Error, ErrorKind, Sent};
use crate::tokens::CurrentToken;
use crate::topic::Topic;
use alta_socket::{Backoff, LinkId, Lost, NotConnected, deadline_after};
use conn::{Conn, Open};
use foldhash::fast::RandomState;
use migration::Migration;
use outcome::Outcome;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// The timeout of the last step's reply after the end of the old link: a service that closes the old link itself
/// replies at once. Without that reply the new link may hold no subscription, and deliver no event.
const AFTER_THE_OLD_LINK: Duration = Duration::from_secs(1);

/// The socket has a connection, or two while it migrates.
pub(super) struct Up {
    pub(super) conn: Conn,
    pub(super) migration: Migration,
    migrate_at: Instant,
    migrate_backoff: Backoff,
    /// The callers that requested the migration.
    pub(super) migrators: Vec<MigrationId>,
    /// Topics whose request was repeated since its token was refused; this happens once.
    pub(super) renewed: HashSet<Topic, RandomState>,
    /// Until this time, topics wait for others of their batch.
    gather_until: Option<Instant>,
    /// True if the next request is for a topic: constant raw requests must not delay subscriptions.
    topic_first: bool,
}

impl Up {
    pub(super) fn begin(link: LinkId, cx: &mut Cx<'_>) -> Self {
        let seed = cx.core.random.u64(..);
        let mut up = Self {
            conn: Conn::new(link, &cx.core.config, cx.now),
            migration: Migration::Idle,
            migrate_at: cx.core.next_migration(cx.now),
            migrate_backoff: Backoff::new(cx.core.config.backoff, seed),
            migrators: Vec::new(),
            renewed: HashSet::default(),
            gather_until: None,
            topic_first: false,
        };
        cx.core.counters.connects.add_one();
        cx.core.ledger.connected();
        up.send_requests(cx);
        up
    }

    pub(super) fn handle(&mut self, input: SocketInput, cx: &mut Cx<'_>) -> Flow {
        self.take(input, cx)?;
        self.send_requests(cx);
        Flow::Continue(())
    }

    fn take(&mut self, input: SocketInput, cx: &mut Cx<'_>) -> Flow {
        match input {
            SocketInput::Link(link, event) => return self.link(link, event, cx),
            SocketInput::Token(token) => return self.token(&token, cx),
            SocketInput::Want(topic) => self.want(topic, cx),
            SocketInput::Unwant(topic) => {
                cx.core.ledger.unwant(&topic, cx.now);
            }
            SocketInput::Call(call) => cx.core.enqueue(call),
            SocketInput::Migrate(migration) => self.migrate_now(migration, cx.now),
            SocketInput::Timer => return self.timer(cx),
            SocketInput::RetryNow | SocketInput::SendRequests => {}
            SocketInput::Close(error) => return self.close(&error, cx),
            SocketInput::Retire => {
                // There is nothing to migrate any more.
                self.end_migrators(&Ok(()), cx);
                return self.close(&retired(), cx);
            }
        }
        Flow::Continue(())
    }

    fn link(&mut self, link: LinkId, event: OnLink, cx: &mut Cx<'_>) -> Flow {
        match event {
            OnLink::Opened => self.migration_link_opened(link, cx),
            OnLink::Failed(failure) => self.migration_link_failed(failure, cx),
            OnLink::Text(raw) => return self.text(link, &raw, cx),
            OnLink::Binary(length) => {
                cx.core.counters.malformed.add_one();
                tracing::debug!(length, "skipping a binary frame");
                self.heard(link, cx.now, cx.core);
            }
            OnLink::Heard => self.heard(link, cx.now, cx.core),
            OnLink::Lost(lost) => return self.lost(link, &lost, cx),
            OnLink::Written(id) => {
                if let Some(conn) = self.conn(link) {
                    conn.written(id);
                }
            }
            OnLink::Skipped(id) => {
                if let Some(conn) = self.conn(link) {
                    conn.skipped(id, cx);
                }
            }
            OnLink::NotRecalled(id) => {
                if let Some(conn) = self.conn(link) {
                    conn.recalled(id, Sent::MayHaveRun, cx);
                }
            }
            OnLink::Unwritable(id, error) => {
                let open = self.conn(link).and_then(|conn| conn.requests.end(id));
                if let Some(open) = open {
                    return self.settle(open, Outcome::Unsent(error), cx);
                }
            }
        }
        Flow::Continue(())
    }

    pub(super) fn is_migrating(&self) -> bool {
        !self.migration.is_idle()
    }

    /// Returns whether this is one of its links.
    pub(super) fn owns(&self, link: LinkId) -> bool {
        self.conn.link == link || self.migration.other_link() == Some(link)
    }

    /// The connection of this link, if there is one.
    fn conn(&mut self, link: LinkId) -> Option<&mut Conn> {
        if self.conn.link == link {
            return Some(&mut self.conn);
        }
        self.migration.new_conn().filter(|conn| conn.link == link)
    }

    fn heard(&mut self, link: LinkId, now: Instant, core: &mut Core) {
        if let Some(conn) = self.conn(link) {
            conn.alive.heard(now);
            core.backoff.reset();
        }
    }

    fn token(&mut self, token: &Result<CurrentToken, Error>, cx: &mut Cx<'_>) -> Flow {
        let mut ended = self.conn.token(token, cx);
        if let Some(new) = self.migration.new_conn() {
            ended.extend(new.token(token, cx));
        }
        for open in ended {
            if let Err(error) = token {
                self.settle(open, Outcome::Unsent(error.clone()), cx)?;
            }
        }
        Flow::Continue(())
    }

    fn timer(&mut self, cx: &mut Cx<'_>) -> Flow {
        cx.expire_calls();
        cx.core.ledger.wake(cx.now);
        self.gather_until.take_if(|until| *until <= cx.now);
        while let Some(expired) = self.conn.expire(cx) {
            if let Some((open, outcome)) = expired.settled() {
                self.settle(open, outcome, cx)?;
            }
        }
        if !self.migration.is_old_lost() && !self.conn.check_alive(cx) {
            let link = self.conn.link;
            cx.close_link(link, 1000, "silent");
            let silent = Lost::Silent(cx.core.config.ping_interval);
            self.lost(link, &silent, cx)?;
        }
        self.migration_timer(cx)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let main = (!self.migration.is_old_lost()).then(|| self.conn.deadline());
        let migration = self.migration.deadline(self.migrate_at);
        [main, migration, self.gather_until]
            .into_iter()
            .flatten()
            .min()
    }

    /// A link is lost.
    fn lost(&mut self, link: LinkId, lost: &Lost, cx: &mut Cx<'_>) -> Flow {
        let sent = Sent::NotSent;
        let error = Error::new(ErrorKind::Disconnected { sent }, "keeping the connection")
            .caused_by(lost.clone());
        if self.conn.link != link {
            return self.migration_link_lost(link, lost, error, cx);
        }
        let error = error.of_request(self.migration_sent());
        let mut since = self.conn.alive.last_heard();
        let because = NotConnected::Lost(lost.to_string());
        tracing::debug!(%lost, "the connection was lost");
        let counters = &cx.core.counters;
        match &mut self.migration {
            Migration::Idle | Migration::Over { .. } => {}
            Migration::Asking { .. } => counters.failed_migrations.add_one(),
            Migration::Opening { link, .. } => {
                // The new link holds no subscription yet.
                let link = *link;
                counters.failed_migrations.add_one();
                self.leave(since, lost, error, cx);
                return Flow::Break(Next::Opening(link));
            }
            Migration::Posting { reply_until, .. } => {
                // The server may have moved the subscriptions and closed the old link itself: then the reply arrives
                // soon.
                *reply_until = Some(deadline_after(cx.now, AFTER_THE_OLD_LINK));
                cx.interrupt(since);
                return Flow::Continue(());
            }
            Migration::Handover { old, between, .. } => {
                if let Some(old) = old.take() {
                    // Events that the old link has not delivered yet are lost with it.
                    since = since.min(between.0);
                    cx.close_link(old, 1000, "");
                }
            }
        }
        self.leave(since, lost, error, cx);
        let asked = None;
        Flow::Break(Next::Waiting { because, asked })
    }

    /// Ends the requests on a lost connection.
    fn leave(&mut self, since: Instant, lost: &Lost, error: Error, cx: &mut Cx<'_>) {
        let disconnected = |sent, doing| {
            Error::new(ErrorKind::Disconnected { sent }, doing).caused_by(lost.clone())
        };
        self.conn.end(disconnected, cx);
        cx.lose_topics(since);
        self.end_migrators(&Err(error), cx);
    }

    fn migration_link_failed(&mut self, failure: OpenFailure, cx: &mut Cx<'_>) {
        match cx.core.authorization.failed(failure) {
            Failed::Again => {
                let again = cx.open_link();
                self.migration.open_again(again);
            }
            Failed::Later(error) => {
                tracing::debug!(error = error.chain(), "a connection could not be opened");
                // Nothing has changed yet: the old link stays open.
                let error = error.of_request(self.migration_sent());
                self.migration_postponed(error, cx);
            }
            Failed::Final(error) => cx.outputs.push(SocketOutput::Fatal(error)),
        }
    }

    fn close(&mut self, error: &Error, cx: &mut Cx<'_>) -> Flow {
        let sent = self.migration_sent();
        let closed = |sent, doing| error.clone().while_doing(doing).of_request(sent);
        self.conn.end(closed, cx);
        cx.close_link(self.conn.link, 1000, "");
        if let Some(other) = self.migration.other_link() {
            cx.close_link(other, 1000, "");
        }
        cx.close(error);
        self.end_migrators(&Err(error.clone().of_request(sent)), cx);
        Flow::Break(Next::Closed)
    }

    /// Sends the requests that can be sent now.
    fn send_requests(&mut self, cx: &mut Cx<'_>) {
        if !self.migration.allows_requests() {
            self.ask_to_migrate(cx);
            return;
        }
        while self.conn.requests.len() < cx.core.config.max_in_flight
            && let Some(open) = self.next_request(cx)
        {
            self.conn.send(open, cx);
        }
    }

    /// The next request: raw requests and topics alternate.
    fn next_request(&mut self, cx: &mut Cx<'_>) -> Option<Open> {
        let is_topics_turn = std::mem::take(&mut self.topic_first) || cx.core.calls.is_empty();
        if is_topics_turn && let Some(open) = self.next_for_topic(cx) {
            return Some(open);
        }
        let call = cx.core.calls.pop_front()?;
        self.topic_first = !is_topics_turn;
        Some(Open::call(call))
    }

    /// Ends the calls that requested the migration.
    fn end_migrators(&mut self, result: &Result<(), Error>, cx: &mut Cx<'_>) {
        for migration in self.migrators.drain(..) {
            cx.migrated(migration, result.clone());
        }
    }
}
