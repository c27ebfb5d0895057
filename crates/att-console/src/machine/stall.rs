//! Detects a connected server that no longer replies.

use alta_socket::deadline_after;
use std::time::{Duration, Instant};

/// A server is stalled if it sends no reply for some time while a request is open. Only a reply ends the stall: the
/// timeout of a command gives no information about the server.
///
/// One request can be slow, or its reply lost. So the log warns only when two requests have waited that long.
#[derive(Debug)]
pub(super) struct Stall {
    after: Duration,
    /// The time of the last reply.
    last_reply: Instant,
    /// The time of the next check: never after the earliest possible stall, and rarely before.
    look: Option<Instant>,
    is_stalled: bool,
    /// A sent request has timed out since the last reply, so the server may still reply to it.
    is_owed: bool,
    /// The number of requests without a reply. Those that timed out count until the next reply.
    open: usize,
    /// The time since which two requests have had no reply.
    two_since: Option<Instant>,
    has_warned: bool,
}

impl Stall {
    pub(super) fn new(after: Duration, now: Instant) -> Self {
        Self {
            after,
            last_reply: now,
            look: None,
            is_stalled: false,
            is_owed: false,
            open: 0,
            two_since: None,
            has_warned: false,
        }
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.is_stalled
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.look, self.warn_at()].into_iter().flatten().min()
    }

    /// A request was sent.
    pub(super) fn asked(&mut self, now: Instant) {
        self.count(self.open + 1, now);
        self.watch(now);
    }

    /// A reply arrived. `open` is the number of other open requests.
    pub(super) fn replied(&mut self, open: usize, now: Instant) {
        self.last_reply = now;
        self.is_stalled = false;
        self.is_owed = false;
        self.two_since = None;
        self.count(open, now);
        if open > 0 {
            self.watch(now);
        }
        if std::mem::take(&mut self.has_warned) {
            tracing::info!("the server replies again");
        }
    }

    /// A sent request has timed out.
    pub(super) fn given_up(&mut self) {
        self.is_owed = true;
    }

    /// A request was taken back before it was sent. `open` is the number of other open requests.
    pub(super) fn taken_back(&mut self, open: usize, now: Instant) {
        self.count(self.open.saturating_sub(1), now);
        if open == 0 {
            self.is_stalled &= self.is_owed;
        }
    }

    /// Checks for a stall, if the check is due. `oldest` is the time at which the oldest open request was sent.
    pub(super) fn look(&mut self, oldest: impl FnOnce() -> Option<Instant>, now: Instant) {
        if self.look.is_some_and(|look| look <= now) {
            let silent_since = oldest().map(|since| since.max(self.last_reply));
            let due = silent_since.map(|since| deadline_after(since, self.after));
            self.is_stalled = due.is_some_and(|due| due <= now);
            self.look = due.filter(|_| !self.is_stalled);
        }
        if self.warn_at().is_some_and(|at| at <= now) {
            self.has_warned = true;
            tracing::warn!("the server does not reply to commands");
        }
    }

    fn watch(&mut self, now: Instant) {
        if !self.is_stalled && self.look.is_none() {
            self.look = Some(deadline_after(now, self.after));
        }
    }

    fn count(&mut self, open: usize, now: Instant) {
        self.open = open;
        self.two_since = (open > 1).then(|| self.two_since.unwrap_or(now));
    }

    fn warn_at(&self) -> Option<Instant> {
        let is_quiet = self.is_stalled && !self.has_warned;
        let since = self.two_since.filter(|_| is_quiet)?;
        Some(deadline_after(since, self.after))
    }
}
