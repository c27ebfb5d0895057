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
    next_check: Option<Instant>,
    is_stalled: bool,
    /// A sent request has timed out since the last reply, so the server may still reply to it.
    awaits_late_reply: bool,
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
            next_check: None,
            is_stalled: false,
            awaits_late_reply: false,
            open: 0,
            two_since: None,
            has_warned: false,
        }
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.is_stalled
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.next_check, self.warn_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// A request was sent.
    pub(super) fn sent(&mut self, now: Instant) {
        self.count(self.open + 1, now);
        self.schedule_check(now);
    }

    /// A reply arrived. `open` is the number of other open requests.
    pub(super) fn replied(&mut self, open: usize, now: Instant) {
        self.last_reply = now;
        self.is_stalled = false;
        self.awaits_late_reply = false;
        self.two_since = None;
        self.count(open, now);
        if open > 0 {
            self.schedule_check(now);
        }
        if std::mem::take(&mut self.has_warned) {
            tracing::info!("the server replies again");
        }
    }

    /// A sent request has timed out.
    pub(super) fn timed_out(&mut self) {
        self.awaits_late_reply = true;
    }

    /// A request was canceled before it was sent. `open` is the number of other open requests.
    pub(super) fn canceled(&mut self, open: usize, now: Instant) {
        self.count(self.open.saturating_sub(1), now);
        if open == 0 {
            self.is_stalled &= self.awaits_late_reply;
        }
    }

    /// Checks for a stall, if the check is due. `oldest` is the time at which the oldest open request was sent.
    pub(super) fn check(&mut self, oldest: impl FnOnce() -> Option<Instant>, now: Instant) {
        if self.next_check.is_some_and(|at| at <= now) {
            let silent_since = oldest().map(|since| since.max(self.last_reply));
            let due = silent_since.map(|since| deadline_after(since, self.after));
            self.is_stalled = due.is_some_and(|due| due <= now);
            self.next_check = due.filter(|_| !self.is_stalled);
        }
        if self.warn_at().is_some_and(|at| at <= now) {
            self.has_warned = true;
            tracing::warn!("the server does not reply to commands");
        }
    }

    fn schedule_check(&mut self, now: Instant) {
        if !self.is_stalled && self.next_check.is_none() {
            self.next_check = Some(deadline_after(now, self.after));
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
