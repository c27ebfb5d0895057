//! Whether a server that is connected has ceased to answer.

use alta_socket::later;
use std::time::{Duration, Instant};

/// Stalled is a server that has answered nothing for a while, with a request open all that time. Only an answer ends it:
/// that a command's time is over says nothing of the server.
///
/// One request may just be slow, or its answer lost: the log warns when two have waited for so long.
#[derive(Debug)]
pub(super) struct Stall {
    after: Duration,
    /// When anything was last answered.
    answered: Instant,
    /// When to look next: never later than it may have become true, and rarely sooner.
    look: Option<Instant>,
    is_stalled: bool,
    /// What was sent was given up since the last answer: the server owes it still.
    is_owed: bool,
    /// How many requests have no answer, given up ones among them since the last answer.
    unanswered: usize,
    /// Since when two have none.
    two_since: Option<Instant>,
    has_warned: bool,
}

impl Stall {
    pub(super) fn new(after: Duration, now: Instant) -> Self {
        Self {
            after,
            answered: now,
            look: None,
            is_stalled: false,
            is_owed: false,
            unanswered: 0,
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

    /// Something was asked.
    pub(super) fn asked(&mut self, now: Instant) {
        self.count(self.unanswered + 1, now);
        self.watch(now);
    }

    /// Something was answered, whatever it was; `open`: how many other requests are open.
    pub(super) fn answered(&mut self, open: usize, now: Instant) {
        self.answered = now;
        self.is_stalled = false;
        self.is_owed = false;
        self.two_since = None;
        self.count(open, now);
        if open > 0 {
            self.watch(now);
        }
        if std::mem::take(&mut self.has_warned) {
            tracing::info!("the server answers again");
        }
    }

    /// The time of something that was sent is over.
    pub(super) fn given_up(&mut self) {
        self.is_owed = true;
    }

    /// Something was taken back before it was sent; `open`: how many other requests are open.
    pub(super) fn taken_back(&mut self, open: usize, now: Instant) {
        self.count(self.unanswered.saturating_sub(1), now);
        if open == 0 {
            self.is_stalled &= self.is_owed;
        }
    }

    /// Looks, if it is time to; `oldest`: since when the oldest open request has waited.
    pub(super) fn look(&mut self, oldest: impl FnOnce() -> Option<Instant>, now: Instant) {
        if self.look.is_some_and(|look| look <= now) {
            let silent_since = oldest().map(|since| since.max(self.answered));
            let due = silent_since.map(|since| later(since, self.after));
            self.is_stalled = due.is_some_and(|due| due <= now);
            self.look = due.filter(|_| !self.is_stalled);
        }
        if self.warn_at().is_some_and(|at| at <= now) {
            self.has_warned = true;
            tracing::warn!("the server does not answer commands");
        }
    }

    fn watch(&mut self, now: Instant) {
        if !self.is_stalled && self.look.is_none() {
            self.look = Some(later(now, self.after));
        }
    }

    fn count(&mut self, unanswered: usize, now: Instant) {
        self.unanswered = unanswered;
        self.two_since = (unanswered > 1).then(|| self.two_since.unwrap_or(now));
    }

    fn warn_at(&self) -> Option<Instant> {
        let is_quiet = self.is_stalled && !self.has_warned;
        let since = self.two_since.filter(|_| is_quiet)?;
        Some(later(since, self.after))
    }
}
