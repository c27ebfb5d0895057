use super::conn::{Conn, Open, Purpose};
use super::offline::Opening;
use super::seen::Seen;
use super::up::{Flow, Up};
use super::{Core, Cx, MigrationId, Output};
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::{Content, Request, Response};
use alta_model::{Secret, json};
use alta_socket::{Gap, LinkId, Lost, later};
use http::Method;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// The path of both halves of a migration.
const PATH: &str = "migrate";

/// How long to wait with the next attempt when the server says that it will not migrate: a private service may not know
/// how to, and lives on for ever.
const AFTER_REFUSAL: Duration = Duration::from_secs(5 * 60);

/// How far apart the two copies of an event may be read, one from each link: a service writes them one after the other, and
/// a busy program reads one of its links later. Not longer, since an equal event that comes later is another one.
const COPIES_WITHIN: Duration = Duration::from_secs(1);

/// How long to wait for the reply to the last step once the old link has ended: a service that cuts the old link itself
/// replies at once. Without that reply the new link may hold no subscription, and bring no event.
pub(super) const AFTER_THE_OLD_LINK: Duration = Duration::from_secs(1);

/// Where the migration to a new link stands. Steps as in Townsharp and att-client; other requests wait from the first
/// to the last reply.
#[derive(Debug)]
pub(super) enum Migration {
    /// There is none.
    Idle,
    /// Every other request is let end, then the old link is asked for a token.
    Asking {
        asked: bool,
        /// Whether it was asked again after the access token was refused, which is done once.
        renewed: bool,
    },
    /// The new link is being opened. The token is the server's word for this one migration.
    Opening { link: LinkId, token: Secret },
    /// The new link has said the token; events may come on both from now on.
    Posting {
        new: Box<Conn>,
        seen: Box<Seen>,
        /// When the old link was last heard before that. If the migration fails, events since then may be missing.
        since: Instant,
        /// Until when the reply is waited for, if the old link has ended.
        reply_until: Option<Instant>,
    },
    /// The subscriptions are on the new link, which is the main one now; the old one is read to its end.
    Handover {
        old: Option<LinkId>,
        /// When the old link was last heard before the subscriptions were moved, and when they were.
        between: (Instant, Instant),
        seen: Box<Seen>,
        until: Instant,
    },
    /// The migration is finished. Duplicates of the old link's last events can still arrive until `until`; `seen` filters
    /// them.
    Over { seen: Box<Seen>, until: Instant },
}

/// The reply to the first half.
#[derive(Deserialize)]
struct MigrationToken {
    token: Secret,
}

impl Migration {
    fn begin() -> Self {
        Migration::Asking {
            asked: false,
            renewed: false,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Migration::Idle | Migration::Over { .. })
    }

    /// Whether other requests may be sent.
    pub(super) fn lets_requests_through(&self) -> bool {
        self.is_idle() || matches!(self, Migration::Handover { .. })
    }

    /// The link beside the main one.
    pub(super) fn other_link(&self) -> Option<LinkId> {
        match self {
            Migration::Idle | Migration::Asking { .. } | Migration::Over { .. } => None,
            Migration::Opening { link, .. } => Some(*link),
            Migration::Posting { new, .. } => Some(new.link),
            Migration::Handover { old, .. } => *old,
        }
    }

    pub(super) fn new_conn(&mut self) -> Option<&mut Conn> {
        match self {
            Migration::Posting { new, .. } => Some(new),
            _ => None,
        }
    }

    pub(super) fn old_is_lost(&self) -> bool {
        matches!(
            self,
            Migration::Posting {
                reply_until: Some(_),
                ..
            }
        )
    }

    pub(super) fn open_again(&mut self, again: LinkId) {
        if let Migration::Opening { link, .. } = self {
            *link = again;
        }
    }

    /// When [`Up::migration_timer`] has something to do.
    pub(super) fn deadline(&self, migrate_at: Instant) -> Option<Instant> {
        match self {
            Migration::Idle => Some(migrate_at),
            Migration::Asking { .. } | Migration::Opening { .. } => None,
            Migration::Posting {
                new, reply_until, ..
            } => reply_until.iter().copied().chain([new.deadline()]).min(),
            Migration::Handover { until, .. } => Some(*until),
            Migration::Over { until, .. } => Some(migrate_at.min(*until)),
        }
    }
}

impl Core {
    /// When a link that opened now is to be replaced.
    pub(super) fn next_migration(&mut self, now: Instant) -> Instant {
        let after = self.config.migrate_after;
        // A short age with a long spread would migrate all the time.
        let spread = self.config.migrate_spread.min(after / 2);
        let earlier = spread.mul_f64(self.random.f64());
        later(now, after.saturating_sub(earlier))
    }
}

impl Up {
    /// Whether the server can know of the migration that is waited for.
    pub(super) fn migration_sent(&self) -> Sent {
        match &self.migration {
            // The one that is waited for has not begun.
            Migration::Idle
            | Migration::Over { .. }
            | Migration::Handover { .. }
            | Migration::Asking { asked: false, .. } => Sent::NotSent,
            Migration::Asking { asked: true, .. } => self.conn.first_sent(),
            Migration::Opening { .. } | Migration::Posting { .. } => Sent::MayHaveRun,
        }
    }

    /// Migrates now, and reports the result to the caller.
    pub(super) fn migrate_now(&mut self, migration: MigrationId, now: Instant) {
        self.migrators.push(migration);
        match self.migration {
            Migration::Idle | Migration::Over { .. } => self.migration = Migration::begin(),
            // After this one, another.
            Migration::Handover { .. } => self.migrate_at = now,
            // The one that is under way will do.
            Migration::Asking { .. } | Migration::Opening { .. } | Migration::Posting { .. } => {}
        }
    }

    /// Step 1, once nothing else is on its way.
    pub(super) fn ask_to_migrate(&mut self, cx: &mut Cx<'_>) {
        if let Migration::Asking { asked, .. } = &mut self.migration
            && !*asked
            && self.conn.requests.is_empty()
        {
            *asked = true;
            let open = Open::new(Request::new(Method::GET, PATH), Purpose::MigrationToken);
            self.conn.send(open, cx);
        }
    }

    pub(super) fn migration_timer(&mut self, cx: &mut Cx<'_>) -> Flow {
        match &mut self.migration {
            Migration::Idle | Migration::Over { .. } if self.migrate_at <= cx.now => {
                tracing::info!("migrating to a new socket");
                self.migration = Migration::begin();
            }
            Migration::Posting {
                new, reply_until, ..
            } => {
                let is_given_up = reply_until.is_some_and(|until| until <= cx.now);
                if let Some(expired) = new.expire(cx) {
                    if let Some((open, outcome)) = expired.settled() {
                        return self.settle(open, outcome, cx);
                    }
                } else if is_given_up || !new.check_alive(cx) {
                    let sent = new.first_sent();
                    let error = Error::new(ErrorKind::Disconnected { sent }, "migrating");
                    return self.migration_failed(error, sent, cx);
                }
            }
            Migration::Over { until, .. } if *until <= cx.now => self.migration = Migration::Idle,
            Migration::Handover { until, .. } if *until <= cx.now => self.handover_ends(cx),
            _ => {}
        }
        Flow::Continue(())
    }

    /// The old link has been read for long enough.
    fn handover_ends(&mut self, cx: &mut Cx<'_>) {
        match std::mem::replace(&mut self.migration, Migration::Idle) {
            Migration::Handover { old, mut seen, .. } => {
                if let Some(link) = old {
                    cx.close_link(link, 3000, "migration completed");
                }
                seen.forget_before(cx.now.checked_sub(COPIES_WITHIN));
                let until = later(cx.now, COPIES_WITHIN);
                self.migration = Migration::Over { seen, until };
            }
            other => self.migration = other,
        }
    }

    /// Whether step 1 is to be taken again, since its access token was refused: once, with another one.
    pub(super) fn asks_again(&mut self, renew: bool) -> bool {
        if let Migration::Asking { asked, renewed } = &mut self.migration
            && renew
            && !*renewed
        {
            (*asked, *renewed) = (false, true);
            return true;
        }
        false
    }

    /// Step 1 has ended with this.
    pub(super) fn migration_token(&mut self, result: Result<Response, Error>, cx: &mut Cx<'_>) {
        let token = result.and_then(|response| {
            // The cause is left out: it could quote the token.
            json::from_str::<MigrationToken>(&response.content)
                .map_err(|_| Error::new(ErrorKind::Decode, "reading the migration token"))
        });
        match token {
            Ok(MigrationToken { token }) => {
                cx.core.redactor.learn(token.expose());
                let link = cx.open_link();
                self.migration = Migration::Opening { link, token };
            }
            Err(error) => self.migration_postponed(error, cx),
        }
    }

    /// Nothing has happened yet, and the old link lives: it will be tried again.
    pub(super) fn migration_postponed(&mut self, error: Error, cx: &mut Cx<'_>) {
        let error = error.while_doing("migrating");
        tracing::warn!(error = error.chain(), "a migration is put off");
        cx.core.counters.failed_migrations.add_one();
        self.migration = Migration::Idle;
        let cap = self.migrate_backoff.cap();
        let asked = error.retry_after().map(|asked| asked.min(cap));
        let delay = self.migrate_backoff.delay(asked);
        let is_refused = !error.is_transient() && matches!(error.kind(), ErrorKind::Refused { .. });
        self.migrate_at = later(cx.now, if is_refused { AFTER_REFUSAL } else { delay });
        self.end_migrators(&Err(error), cx);
    }

    /// Step 2 is done; now 3 and 4.
    pub(super) fn migration_link_opened(&mut self, link: LinkId, cx: &mut Cx<'_>) {
        cx.core.authorization.accepted();
        let Migration::Opening { link: new, token } = &mut self.migration else {
            return;
        };
        if *new != link {
            return;
        }
        let mut request = Request::new(Method::POST, PATH);
        let content = serde_json::json!({ "token": token.expose() });
        request.content = Some(Content::Text(content.to_string().into()));
        let mut new = Box::new(Conn::new(link, &cx.core.config, cx.now));
        new.send(Open::new(request, Purpose::Migrate), cx);
        self.migration = Migration::Posting {
            new,
            seen: Box::new(Seen::new(cx.core.config.handover)),
            since: self.conn.alive.last_heard(),
            reply_until: None,
        };
    }

    /// Step 4 has ended with this.
    pub(super) fn migrated(
        &mut self,
        result: Result<(), Error>,
        sent: Sent,
        cx: &mut Cx<'_>,
    ) -> Flow {
        if let Err(error) = result {
            return self.migration_failed(error, sent, cx);
        }
        match std::mem::replace(&mut self.migration, Migration::Idle) {
            Migration::Posting {
                new,
                seen,
                reply_until,
                ..
            } => {
                let is_old_lost = reply_until.is_some();
                let old = std::mem::replace(&mut self.conn, *new);
                let since = old.alive.last_heard();
                self.migrate_at = cx.core.next_migration(cx.now);
                self.migration = Migration::Handover {
                    old: (!is_old_lost).then_some(old.link),
                    between: (since, cx.now),
                    seen,
                    until: later(cx.now, cx.core.config.handover),
                };
                cx.core.counters.migrations.add_one();
                self.migrate_backoff.reset();
                tracing::info!("migrated to a new socket");
                if is_old_lost {
                    cx.confirm_all_with_gap(since, cx.now);
                }
                self.end_migrators(&Ok(()), cx);
            }
            other => self.migration = other,
        }
        Flow::Continue(())
    }

    /// A link of the migration was lost, other than the main one.
    pub(super) fn migration_link_lost(
        &mut self,
        link: LinkId,
        lost: &Lost,
        error: Error,
        cx: &mut Cx<'_>,
    ) -> Flow {
        match &mut self.migration {
            Migration::Posting { new, .. } if new.link == link => {
                let sent = new.first_sent();
                return self.migration_failed(error, sent, cx);
            }
            Migration::Handover { old, between, .. } if *old == Some(link) => {
                *old = None;
                // The server may close the old link itself. If it closed in order, everything was read from it.
                if !matches!(lost, Lost::Closed { .. } | Lost::Broken(None)) {
                    let (since, until) = *between;
                    cx.confirm_all_with_gap(since, until);
                }
            }
            _ => {}
        }
        Flow::Continue(())
    }

    /// Step 4 failed: some subscriptions may be on one link, some on the other, some on none. Both links are closed, unless
    /// the request was not sent yet.
    fn migration_failed(&mut self, error: Error, sent: Sent, cx: &mut Cx<'_>) -> Flow {
        let Migration::Posting {
            new,
            since,
            reply_until,
            ..
        } = &self.migration
        else {
            return Flow::Continue(());
        };
        // Of the whole, the server knows the first half.
        let error = error.of_request(Sent::MayHaveRun);
        if sent == Sent::NotSent && reply_until.is_none() {
            cx.close_link(new.link, 3001, "migration aborted");
            self.migration_postponed(error, cx);
            return Flow::Continue(());
        }
        let since = *since;
        for link in [self.conn.link, new.link] {
            cx.close_link(link, 3001, "migration aborted");
        }
        let error = error.while_doing("migrating");
        tracing::warn!(error = error.chain(), "a migration failed");
        cx.core.counters.failed_migrations.add_one();
        self.end_migrators(&Err(error), cx);
        // Everything is asked for anew, on a fresh link.
        let next = Opening::begin(false, cx);
        cx.lose_topics(since);
        Flow::Break(next)
    }
}

impl Cx<'_> {
    /// Every subscription was moved, but the link they were on was lost before everything was read from it.
    fn confirm_all_with_gap(&mut self, since: Instant, until: Instant) {
        // A stream that began after that has missed nothing.
        let gap = Gap {
            since,
            noticed: until,
            until,
        };
        let loss = alta_socket::Loss {
            since,
            noticed: until,
        };
        let held = self.core.ledger.all_held();
        let held: Vec<_> = held
            .map(|(topic, wanted)| (topic.clone(), wanted))
            .collect();
        for (topic, _) in held.iter().filter(|(_, wanted)| *wanted) {
            self.out(Output::Interrupted(topic.clone(), loss));
        }
        for (topic, wanted) in held {
            self.core.counters.gaps.add_if(wanted);
            self.out(Output::Confirmed(topic, Some(gap)));
        }
    }
}
