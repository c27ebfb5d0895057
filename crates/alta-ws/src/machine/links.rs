use super::conn::{Conn, Purpose};
use super::migrate::{AFTER_THE_OLD_LINK, Migration};
use super::{Cx, Lane, OpenFailure, Output, Phase, Up};
use crate::error::{Error, ErrorKind, Sent};
use alta_socket::{LinkId, Lost, later};
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Lane {
    /// Whether this link is one of this socket's.
    pub(crate) fn owns(&self, link: LinkId) -> bool {
        match &self.phase {
            Phase::Opening { link: opening } => *opening == link,
            Phase::Up(up) => up.conn.link == link || up.migration.other_link() == Some(link),
            Phase::Waiting { .. } | Phase::Closed => false,
        }
    }

    /// A link is open.
    pub(crate) fn opened(&mut self, link: LinkId, cx: &mut Cx<'_>) {
        self.refusal = None;
        self.renewal_owed = false;
        match &mut self.phase {
            Phase::Opening { link: opening } if *opening == link => {
                let conn = Conn::new(link, &self.config, cx.now);
                self.phase = Phase::Up(Box::new(Up {
                    conn,
                    migrate_at: self.next_migration(cx.now),
                    migration: Migration::Idle,
                }));
                cx.shared.totals.reconnects += u64::from(self.was_up);
                self.was_up = true;
                self.trouble = None;
                self.ask_for_all();
                self.pump(cx);
            }
            Phase::Up(_) => self.migration_link_opened(link, cx),
            _ => {}
        }
    }

    /// A link could not be opened.
    pub(crate) fn open_failed(&mut self, link: LinkId, failure: OpenFailure, cx: &mut Cx<'_>) {
        if !self.owns(link) {
            return;
        }
        match failure {
            OpenFailure::Unauthorised(error) if self.refusal.is_none() => {
                self.refusal = Some(error);
                self.renewal_owed = true;
                let again = cx.open(true);
                match &mut self.phase {
                    Phase::Opening { link } => *link = again,
                    Phase::Up(up) => up.migration.open_again(again),
                    _ => {}
                }
            }
            OpenFailure::Unauthorised(error) => cx.shared.fatal = Some(error),
            // If it was to be renewed and can't be, the server's refusal is what matters.
            OpenFailure::Final(error) => {
                cx.shared.fatal = Some(self.refusal.take().unwrap_or(error));
            }
            OpenFailure::NoToken(error) => self.open_later(error, cx),
            OpenFailure::Transient(error) => {
                // Whatever token comes next is another one than the one that was refused.
                self.refusal = None;
                self.renewal_owed = false;
                self.open_later(error, cx);
            }
        }
    }

    fn open_later(&mut self, error: Error, cx: &mut Cx<'_>) {
        tracing::debug!(error = error.chain(), "a connection could not be made");
        if let Phase::Up(up) = &self.phase {
            // Nothing has happened yet: the old socket lives on.
            let error = error.of_request(up.migration_sent());
            self.migration_postponed(error, cx);
        } else {
            self.wait(error.chain().into(), error.retry_after(), cx);
        }
    }

    /// A pong, or a binary frame.
    pub(crate) fn heard(&mut self, link: LinkId, cx: &mut Cx<'_>) {
        if let Some(conn) = self.conn(link) {
            conn.alive.heard(cx.now);
            self.backoff.reset();
        }
    }

    /// A binary frame, which the service never sends.
    pub(crate) fn binary(&mut self, link: LinkId, length: usize, cx: &mut Cx<'_>) {
        if self.owns(link) {
            cx.shared.totals.malformed += 1;
            tracing::warn!(length, "a binary frame was skipped");
            self.heard(link, cx);
        }
    }

    /// A link is gone.
    pub(crate) fn lost(&mut self, link: LinkId, lost: &Lost, cx: &mut Cx<'_>) {
        let error = Error::new(
            ErrorKind::Disconnected {
                sent: Sent::NotSent,
            },
            "keeping the connection",
        )
        .caused_by(lost.clone());
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        if up.conn.link != link {
            self.migration_link_lost(link, lost, error, cx);
            return;
        }
        let error = error.of_request(up.migration_sent());
        let since = up.conn.alive.last_heard();
        tracing::debug!(%lost, "the connection was lost");
        match &mut up.migration {
            Migration::Idle | Migration::Asking { .. } | Migration::Over { .. } => {
                cx.shared.totals.failed_migrations += u64::from(!up.migration.is_idle());
                self.end_requests(lost, cx);
                self.lose_topics(since, cx);
                self.wait(lost.to_string().into(), None, cx);
                self.end_migrators(&Err(error), cx);
            }
            Migration::Opening { link: new, .. } => {
                // The new link is a fresh one: nothing was moved to it yet.
                self.trouble = Some(lost.to_string().into());
                self.phase = Phase::Opening { link: *new };
                self.lose_topics(since, cx);
                cx.shared.totals.failed_migrations += 1;
                self.end_migrators(&Err(error), cx);
            }
            Migration::Posting { answer_until, .. } => {
                // The server may have done its part, and cut the old link itself: then the answer is near.
                *answer_until = Some(later(cx.now, AFTER_THE_OLD_LINK));
                self.interrupt(since, cx.now, cx);
            }
            Migration::HandOver { old, between, .. } => {
                let mut since = since;
                if let Some(old) = old.take() {
                    // What the old link has not told yet it will not tell any more.
                    since = since.min(between.0);
                    cx.shared.out.push_back(Output::Close {
                        link: old,
                        code: 1000,
                        reason: "",
                    });
                }
                self.end_requests(lost, cx);
                self.lose_topics(since, cx);
                self.wait(lost.to_string().into(), None, cx);
                self.end_migrators(&Err(error), cx);
            }
        }
    }

    /// Fails the raw requests that are on their way: their answers cannot come any more.
    fn end_requests(&mut self, lost: &Lost, cx: &mut Cx<'_>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        for open in up.conn.requests.drain() {
            if let Purpose::Batch(_) = &open.purpose {
                cx.free_batch();
            }
            if let Purpose::Call(call) = &open.purpose {
                let sent = open.sent();
                let error = Error::new(ErrorKind::Disconnected { sent }, open.request.doing())
                    .caused_by(lost.clone());
                cx.shared.out.push_back(Output::Answer {
                    call: call.id,
                    result: Err(error),
                });
            }
        }
    }

    /// Waits before the next attempt.
    fn wait(&mut self, because: Arc<str>, asked: Option<Duration>, cx: &mut Cx<'_>) {
        self.trouble = Some(because);
        let asked = asked.map(|asked| asked.min(self.backoff.cap()));
        self.phase = Phase::Waiting {
            until: later(cx.now, self.backoff.delay(asked)),
        };
    }

    /// Begins at once with a fresh link, on which everything is asked for anew.
    pub(super) fn start_over(&mut self, because: Arc<str>, since: Instant, cx: &mut Cx<'_>) {
        self.trouble = Some(because);
        self.phase = Phase::Opening {
            link: cx.open(self.renewal_owed),
        };
        self.lose_topics(since, cx);
    }
}
