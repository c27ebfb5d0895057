use super::conn::{Conn, Open, Purpose};
use super::migration::Migration;
use super::{Flow, Up};
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::{Content, Request, Response};
use crate::socket::context::{Core, Cx};
use crate::socket::io::{MigrationId, Output};
use crate::socket::next::Next;
use crate::socket::seen::Seen;
use alta_model::{Secret, json};
use alta_socket::{Gap, LinkId, Lost, deadline_after};
use http::Method;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// The path of both halves of a migration.
const PATH: &str = "migrate";

/// The pause before the next attempt when the server refuses to migrate: a private service may not support it, and keep
/// its connections without a limit.
const AFTER_REFUSAL: Duration = Duration::from_secs(5 * 60);

/// The longest time between the two copies of an event, one from each link: a service writes them one after the other,
/// and a busy program reads one of its links later. An equal event after this time is another event.
const COPIES_WITHIN: Duration = Duration::from_secs(1);

/// The reply to the first half.
#[derive(Deserialize)]
struct MigrationToken {
    token: Secret,
}

impl Core {
    /// The time at which a link that opens now must be replaced.
    pub(in crate::socket) fn next_migration(&mut self, now: Instant) -> Instant {
        let after = self.config.migrate_after;
        // With a short age and a long spread, it would migrate without end.
        let spread = self.config.migrate_spread.min(after / 2);
        let earlier = spread.mul_f64(self.random.f64());
        deadline_after(now, after.saturating_sub(earlier))
    }
}

impl Up {
    /// The progress of the request of a waiting caller.
    pub(super) fn migration_sent(&self) -> Sent {
        match &self.migration {
            // The requested migration has not begun.
            Migration::Idle
            | Migration::Over { .. }
            | Migration::Handover { .. }
            | Migration::Asking { asked: false, .. } => Sent::NotSent,
            Migration::Asking { asked: true, .. } => self.conn.first_sent(),
            Migration::Opening { .. } | Migration::Posting { .. } => Sent::MayHaveRun,
        }
    }

    /// Migrates now, and sends the result to the caller.
    pub(super) fn migrate_now(&mut self, migration: MigrationId, now: Instant) {
        self.migrators.push(migration);
        match self.migration {
            Migration::Idle | Migration::Over { .. } => self.migration = Migration::begin(),
            // A second migration follows the present one.
            Migration::Handover { .. } => self.migrate_at = now,
            // The present migration is enough.
            Migration::Asking { .. } | Migration::Opening { .. } | Migration::Posting { .. } => {}
        }
    }

    /// Step 1, once no other request is in flight.
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
                tracing::info!("migrating to a new connection");
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

    /// The old link has been read for the whole handover.
    fn handover_ends(&mut self, cx: &mut Cx<'_>) {
        match std::mem::replace(&mut self.migration, Migration::Idle) {
            Migration::Handover { old, mut seen, .. } => {
                if let Some(link) = old {
                    cx.close_link(link, 3000, "migration completed");
                }
                seen.forget_before(cx.now.checked_sub(COPIES_WITHIN));
                let until = deadline_after(cx.now, COPIES_WITHIN);
                self.migration = Migration::Over { seen, until };
            }
            other => self.migration = other,
        }
    }

    /// Returns whether to repeat step 1 with another access token, since the server refused the first one: once.
    pub(super) fn repeats_first_step(&mut self, renew: bool) -> bool {
        if let Migration::Asking { asked, renewed } = &mut self.migration
            && renew
            && !*renewed
        {
            (*asked, *renewed) = (false, true);
            return true;
        }
        false
    }

    /// Step 1 has ended.
    pub(super) fn migration_token(&mut self, result: Result<Response, Error>, cx: &mut Cx<'_>) {
        let token = result.and_then(|response| {
            // Without the cause, which could quote the token.
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

    /// Ends a migration that has changed nothing yet, while the old link is open: a later attempt follows.
    pub(super) fn migration_postponed(&mut self, error: Error, cx: &mut Cx<'_>) {
        let error = error.while_doing("migrating");
        tracing::warn!(
            error = error.chain(),
            "a migration failed and will be tried again"
        );
        cx.core.counters.failed_migrations.add_one();
        self.migration = Migration::Idle;
        let cap = self.migrate_backoff.cap();
        let asked = error.retry_after().map(|asked| asked.min(cap));
        let delay = self.migrate_backoff.delay(asked);
        let is_refused = !error.is_transient() && matches!(error.kind(), ErrorKind::Refused { .. });
        self.migrate_at = deadline_after(cx.now, if is_refused { AFTER_REFUSAL } else { delay });
        self.end_migrators(&Err(error), cx);
    }

    /// Step 2 is done; begins steps 3 and 4.
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

    /// Step 4 has ended.
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
                    until: deadline_after(cx.now, cx.core.config.handover),
                };
                cx.core.counters.migrations.add_one();
                self.migrate_backoff.reset();
                tracing::info!("migrated to a new connection");
                if is_old_lost {
                    cx.confirm_all_with_gap(since, cx.now);
                }
                self.end_migrators(&Ok(()), cx);
            }
            other => self.migration = other,
        }
        Flow::Continue(())
    }

    /// A link of the migration, other than the main one, is lost.
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
                // The server may close the old link itself. After a regular close, every frame of it was read.
                if !matches!(lost, Lost::Closed { .. } | Lost::Broken(None)) {
                    let (since, until) = *between;
                    cx.confirm_all_with_gap(since, until);
                }
            }
            _ => {}
        }
        Flow::Continue(())
    }

    /// Step 4 failed: each subscription may be on the old link, on the new one, or on none. Closes both links, unless
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
        // The server has seen the first step only.
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
        // All subscriptions are made again, on a new link.
        let next = Next::Opening(cx.open_link());
        cx.lose_topics(since);
        Flow::Break(next)
    }
}

impl Cx<'_> {
    /// The new link is lost after every subscription was moved to it, and before all frames of it were read.
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
