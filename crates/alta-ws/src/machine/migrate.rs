use super::conn::{Conn, Open, Purpose};
use super::seen::Seen;
use super::{CallId, Cx, Lane, Output, Phase, Up};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::{Content, Request, Response};
use alta_model::{Secret, json};
use alta_socket::{LinkId, Lost, later};
use http::Method;
use serde::Deserialize;
use std::sync::Arc;
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
/// to the last answer.
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
        /// When the old link was last heard before that: if this fails, nobody knows what was missed since.
        since: Instant,
        /// Until when the answer is waited for, if the old link has ended.
        answer_until: Option<Instant>,
    },
    /// The subscriptions are on the new link, which is the main one now; the old one is read to its end.
    HandOver {
        old: Option<LinkId>,
        /// When the old link was last heard before the subscriptions were moved, and when they were.
        between: (Instant, Instant),
        seen: Box<Seen>,
        until: Instant,
    },
    /// There is none any more, but copies of what the old link has brought last may still come.
    Over { seen: Box<Seen>, until: Instant },
}

/// The answer to the first half.
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
        self.is_idle() || matches!(self, Migration::HandOver { .. })
    }

    /// The link beside the main one.
    pub(super) fn other_link(&self) -> Option<LinkId> {
        match self {
            Migration::Idle | Migration::Asking { .. } | Migration::Over { .. } => None,
            Migration::Opening { link, .. } => Some(*link),
            Migration::Posting { new, .. } => Some(new.link),
            Migration::HandOver { old, .. } => *old,
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
                answer_until: Some(_),
                ..
            }
        )
    }

    pub(super) fn open_again(&mut self, again: LinkId) {
        if let Migration::Opening { link, .. } = self {
            *link = again;
        }
    }
}

impl Up {
    pub(super) fn deadline(&self) -> Option<Instant> {
        let main = (!self.migration.old_is_lost()).then(|| self.conn.deadline());
        let migration = match &self.migration {
            Migration::Idle => Some(self.migrate_at),
            Migration::Asking { .. } | Migration::Opening { .. } => None,
            Migration::Posting {
                new, answer_until, ..
            } => answer_until.iter().copied().chain([new.deadline()]).min(),
            Migration::HandOver { until, .. } => Some(*until),
            Migration::Over { until, .. } => Some(self.migrate_at.min(*until)),
        };
        main.into_iter().chain(migration).min()
    }

    /// Whether the server can know of the migration that is waited for.
    pub(super) fn migration_sent(&self) -> Sent {
        match &self.migration {
            // The one that is waited for has not begun.
            Migration::Idle
            | Migration::Over { .. }
            | Migration::HandOver { .. }
            | Migration::Asking { asked: false, .. } => Sent::NotSent,
            Migration::Asking { asked: true, .. } => self.conn.first_sent(),
            Migration::Opening { .. } | Migration::Posting { .. } => Sent::MayHaveRun,
        }
    }

    /// Step 1, once nothing else is on its way.
    pub(super) fn ask_to_migrate(&mut self, config: &Config, cx: &mut Cx<'_>) {
        if let Migration::Asking { asked, .. } = &mut self.migration
            && !*asked
            && self.conn.requests.is_empty()
        {
            *asked = true;
            let open = Open::new(Request::new(Method::GET, PATH), Purpose::MigrationToken);
            self.conn.send(open, config, cx);
        }
    }
}

impl Lane {
    /// Migrates now; whoever asked is told how it went.
    pub(crate) fn migrate_now(&mut self, call: CallId, cx: &mut Cx<'_>) {
        let Phase::Up(up) = &mut self.phase else {
            let sent = Sent::NotSent;
            // If it is about to be opened for the first time, it could not be newer.
            let result = if self.trouble.is_some() {
                Err(Error::new(ErrorKind::Disconnected { sent }, "migrating"))
            } else {
                Ok(())
            };
            cx.shared.migrated.push((call, result));
            return;
        };
        self.migrators.push(call);
        match up.migration {
            Migration::Idle | Migration::Over { .. } => up.migration = Migration::begin(),
            // After this one, another.
            Migration::HandOver { .. } => up.migrate_at = cx.now,
            // The one that is under way will do.
            Migration::Asking { .. } | Migration::Opening { .. } | Migration::Posting { .. } => {}
        }
        self.pump(cx);
    }

    /// When a link that opened now is to be replaced.
    pub(super) fn next_migration(&mut self, now: Instant) -> Instant {
        // Whoever makes the one short and forgets the other would migrate all the time.
        let spread = self
            .config
            .migrate_spread
            .min(self.config.migrate_after / 2);
        let earlier = spread.mul_f64(self.random.f64());
        later(now, self.config.migrate_after.saturating_sub(earlier))
    }

    pub(super) fn tick_migration(&mut self, cx: &mut Cx<'_>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        match &mut up.migration {
            Migration::Idle | Migration::Over { .. } if up.migrate_at <= cx.now => {
                tracing::info!("migrating to a new socket");
                up.migration = Migration::begin();
            }
            Migration::Posting {
                new, answer_until, ..
            } => {
                let link = new.link;
                let given_up = answer_until.is_some_and(|until| until <= cx.now);
                if let Some((id, open)) = new.requests.expire(cx.now) {
                    self.expired(link, id, open, cx);
                } else if given_up || !new.check_alive(cx) {
                    let sent = new.first_sent();
                    let kind = ErrorKind::Disconnected { sent };
                    self.migration_failed(Error::new(kind, "migrating"), sent, cx);
                }
            }
            Migration::Over { until, .. } if *until <= cx.now => up.migration = Migration::Idle,
            Migration::HandOver { until, .. } if *until <= cx.now => self.hand_over_ends(cx),
            _ => {}
        }
    }

    /// The old link has been read for long enough.
    fn hand_over_ends(&mut self, cx: &mut Cx<'_>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        match std::mem::replace(&mut up.migration, Migration::Idle) {
            Migration::HandOver { old, mut seen, .. } => {
                if let Some(link) = old {
                    cx.shared.out.push_back(Output::Close {
                        link,
                        code: 3000,
                        reason: "migration completed",
                    });
                }
                seen.forget_before(cx.now.checked_sub(COPIES_WITHIN));
                up.migration = Migration::Over {
                    seen,
                    until: later(cx.now, COPIES_WITHIN),
                };
            }
            other => up.migration = other,
        }
    }

    /// Whether step 1 is to be taken again, since its access token was refused: once, with another one.
    pub(super) fn asks_again(&mut self, renew: bool) -> bool {
        if let Phase::Up(up) = &mut self.phase
            && let Migration::Asking { asked, renewed } = &mut up.migration
            && renew
            && !*renewed
        {
            (*asked, *renewed) = (false, true);
            return true;
        }
        false
    }

    /// Step 1 was answered.
    pub(super) fn migration_token(&mut self, result: Result<Response, Error>, cx: &mut Cx<'_>) {
        let token = result.and_then(|response| {
            // The cause is left out: it could quote the token.
            json::from_str::<MigrationToken>(&response.content)
                .map_err(|_| Error::new(ErrorKind::Decode, "reading the migration token"))
        });
        match token {
            Ok(MigrationToken { token }) => {
                cx.shared.redactor.learn(token.expose());
                if let Phase::Up(up) = &mut self.phase {
                    let link = cx.open(self.renewal_owed);
                    up.migration = Migration::Opening { link, token };
                }
            }
            Err(error) => self.migration_postponed(error, cx),
        }
    }

    /// Nothing has happened yet, and the old link lives: it will be tried again.
    pub(super) fn migration_postponed(&mut self, error: Error, cx: &mut Cx<'_>) {
        let error = error.while_doing("migrating");
        tracing::warn!(error = error.chain(), "a migration is put off");
        cx.shared.totals.failed_migrations += 1;
        if let Phase::Up(up) = &mut self.phase {
            up.migration = Migration::Idle;
            let cap = self.migrate_backoff.cap();
            let asked = error.retry_after().map(|asked| asked.min(cap));
            let delay = self.migrate_backoff.delay(asked);
            let refused =
                !error.is_transient() && matches!(error.kind(), ErrorKind::Refused { .. });
            up.migrate_at = later(cx.now, if refused { AFTER_REFUSAL } else { delay });
        }
        self.end_migrators(&Err(error), cx);
        self.pump(cx);
    }

    /// Step 2 is done; now 3 and 4.
    pub(super) fn migration_link_opened(&mut self, link: LinkId, cx: &mut Cx<'_>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        let Migration::Opening { link: new, token } = &mut up.migration else {
            return;
        };
        if *new != link {
            return;
        }
        let mut request = Request::new(Method::POST, PATH);
        let content = serde_json::json!({ "token": token.expose() });
        request.content = Some(Content::Text(content.to_string().into()));
        let mut new = Box::new(Conn::new(link, &self.config, cx.now));
        new.send(Open::new(request, Purpose::Migrate), &self.config, cx);
        up.migration = Migration::Posting {
            new,
            seen: Box::new(Seen::new(self.config.hand_over)),
            since: up.conn.alive.last_heard(),
            answer_until: None,
        };
    }

    /// Step 4 was answered.
    pub(super) fn migrated(&mut self, result: Result<(), Error>, sent: Sent, cx: &mut Cx<'_>) {
        if let Err(error) = result {
            self.migration_failed(error, sent, cx);
            return;
        }
        let migrate_at = self.next_migration(cx.now);
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        match std::mem::replace(&mut up.migration, Migration::Idle) {
            Migration::Posting {
                new,
                seen,
                answer_until,
                ..
            } => {
                let old_lost = answer_until.is_some();
                let old = std::mem::replace(&mut up.conn, *new);
                let since = old.alive.last_heard();
                up.migrate_at = migrate_at;
                up.migration = Migration::HandOver {
                    old: (!old_lost).then_some(old.link),
                    between: (since, cx.now),
                    seen,
                    until: later(cx.now, self.config.hand_over),
                };
                cx.shared.totals.migrations += 1;
                self.migrate_backoff.reset();
                tracing::info!("migrated to a new socket");
                if old_lost {
                    self.confirm_all_with_gap(since, cx.now, cx);
                }
                self.end_migrators(&Ok(()), cx);
            }
            other => up.migration = other,
        }
    }

    /// A link of the migration was lost, other than the main one.
    pub(super) fn migration_link_lost(
        &mut self,
        link: LinkId,
        lost: &Lost,
        error: Error,
        cx: &mut Cx<'_>,
    ) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        match &mut up.migration {
            Migration::Posting { new, .. } if new.link == link => {
                let sent = new.first_sent();
                self.migration_failed(error, sent, cx);
            }
            Migration::HandOver { old, between, .. } if *old == Some(link) => {
                *old = None;
                // The server may close what is of no use any more. If it ended in order, everything has been read.
                if !matches!(lost, Lost::Closed { .. } | Lost::Broken(None)) {
                    let (since, until) = *between;
                    self.confirm_all_with_gap(since, until, cx);
                }
            }
            _ => {}
        }
    }

    /// Step 4 failed: some subscriptions may be on one link, some on the other, some on none. Both are given up, unless the
    /// server was told nothing yet.
    fn migration_failed(&mut self, error: Error, sent: Sent, cx: &mut Cx<'_>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        let Migration::Posting {
            new,
            since,
            answer_until,
            ..
        } = &up.migration
        else {
            return;
        };
        // Of the whole, the server knows the first half.
        let error = error.of_request(Sent::MayHaveRun);
        if sent == Sent::NotSent && answer_until.is_none() {
            cx.shared.out.push_back(Output::Close {
                link: new.link,
                code: 3001,
                reason: "migration aborted",
            });
            self.migration_postponed(error, cx);
            return;
        }
        let since = *since;
        for link in [up.conn.link, new.link] {
            cx.shared.out.push_back(Output::Close {
                link,
                code: 3001,
                reason: "migration aborted",
            });
        }
        let error = error.while_doing("migrating");
        let because: Arc<str> = error.chain().into();
        tracing::warn!(error = &*because, "a migration failed");
        cx.shared.totals.failed_migrations += 1;
        self.end_migrators(&Err(error), cx);
        self.start_over(because, since, cx);
    }

    /// Tells everybody who waited for the migration.
    pub(super) fn end_migrators(&mut self, result: &Result<(), Error>, cx: &mut Cx<'_>) {
        for call in self.migrators.drain(..) {
            cx.shared.migrated.push((call, result.clone()));
        }
    }
}
