use super::conn::Conn;
use crate::socket::seen::Seen;
use alta_model::Secret;
use alta_socket::LinkId;
use std::time::Instant;

/// The progress of the migration to a new link. Its steps are those of Townsharp and att-client; other requests wait
/// from its first request to its last reply.
#[derive(Debug)]
pub(in crate::socket) enum Migration {
    /// No migration.
    Idle,
    /// Step 1: all other requests end, then a migration token is requested on the old link.
    Asking {
        asked: bool,
        /// Step 1 was repeated after the access token was refused; this happens once.
        renewed: bool,
    },
    /// Step 2: the new link is being opened. `token` is the server's token for this one migration.
    Opening { link: LinkId, token: Secret },
    /// Steps 3 and 4: the new link has sent the token; from now on both links can deliver events.
    Posting {
        new: Box<Conn>,
        seen: Box<Seen>,
        /// The time of the old link's last frame before step 3. If the migration fails, events since then may be
        /// missing.
        since: Instant,
        /// The deadline of the reply, if the old link has ended.
        reply_until: Option<Instant>,
    },
    /// The subscriptions are on the new link, which is now the main link; the old one is read to its end.
    Handover {
        old: Option<LinkId>,
        /// The time of the old link's last frame before the subscriptions moved, and the time of the move.
        between: (Instant, Instant),
        seen: Box<Seen>,
        until: Instant,
    },
    /// The migration is finished. Duplicates of the old link's last events can still arrive until `until`; `seen` filters
    /// them.
    Over { seen: Box<Seen>, until: Instant },
}

impl Migration {
    pub(super) fn begin() -> Self {
        Migration::Asking {
            asked: false,
            renewed: false,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Migration::Idle | Migration::Over { .. })
    }

    /// Returns whether other requests can be sent.
    pub(super) fn allows_requests(&self) -> bool {
        self.is_idle() || matches!(self, Migration::Handover { .. })
    }

    /// The link besides the main one.
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

    pub(super) fn is_old_lost(&self) -> bool {
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

    /// The next time at which [`Up::migration_timer`] has work.
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
