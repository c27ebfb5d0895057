//! Whether a server that is connected has ceased to answer.

use alta_socket::later;
use std::time::{Duration, Instant};

/// Stalled is a server that has answered nothing for a while, with a request open all that time. Only an answer ends it:
/// that a command's time is over says nothing of the server.
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
}

impl Stall {
    pub(super) fn new(after: Duration, now: Instant) -> Self {
        Self {
            after,
            answered: now,
            look: None,
            is_stalled: false,
            is_owed: false,
        }
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.is_stalled
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.look
    }

    /// Something was asked.
    pub(super) fn asked(&mut self, now: Instant) {
        if !self.is_stalled && self.look.is_none() {
            self.look = Some(later(now, self.after));
        }
    }

    /// Something was answered, whatever it was; `is_owing`: other requests are open.
    pub(super) fn answered(&mut self, is_owing: bool, now: Instant) {
        self.answered = now;
        self.is_stalled = false;
        self.is_owed = false;
        if is_owing {
            self.asked(now);
        }
    }

    /// The time of something that was sent is over.
    pub(super) fn given_up(&mut self) {
        self.is_owed = true;
    }

    /// All that was not sent was taken back, and nothing else is open.
    pub(super) fn nothing_open(&mut self) {
        self.is_stalled &= self.is_owed;
    }

    /// Whether it is time to look.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.look.is_some_and(|look| look <= now)
    }

    /// Looks; `oldest`: since when the oldest open request has waited.
    pub(super) fn look(&mut self, oldest: Option<Instant>, now: Instant) {
        let silent_since = oldest.map(|since| since.max(self.answered));
        let due = silent_since.map(|since| later(since, self.after));
        self.is_stalled = due.is_some_and(|due| due <= now);
        self.look = due.filter(|_| !self.is_stalled);
    }
}
