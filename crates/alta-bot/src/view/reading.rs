use super::ViewConfig;
use alta_socket::Backoff;
use std::time::Instant;

/// Where the reading of something stands. There is one at a time.
pub(super) struct Reading {
    running: bool,
    again: bool,
    /// How often in a row it had to be repeated.
    pub(super) repeats: u32,
    /// When it is tried again, if it failed.
    pub(super) retry_at: Option<Instant>,
    backoff: Backoff,
}

impl Reading {
    pub(super) fn new(config: &ViewConfig, seed: u64) -> Self {
        Self {
            running: false,
            again: false,
            repeats: 0,
            retry_at: None,
            backoff: Backoff::new(config.retry, seed),
        }
    }

    /// Whether it is to begin now; if it runs, it will be repeated.
    pub(super) fn wanted(&mut self) -> bool {
        self.retry_at = None;
        self.again |= self.running;
        !std::mem::replace(&mut self.running, true)
    }

    /// Whether it is to begin again at once, since what it brought is outdated.
    pub(super) fn ended(&mut self, outdated: bool) -> bool {
        self.backoff.reset();
        self.running = std::mem::take(&mut self.again) || outdated;
        self.repeats = if self.running { self.repeats + 1 } else { 0 };
        self.running
    }

    /// Tells when it is to be tried again.
    pub(super) fn failed(&mut self, now: Instant) -> Option<Instant> {
        self.running = false;
        self.again = false;
        self.repeats = 0;
        self.retry_at = now.checked_add(self.backoff.next_delay());
        self.retry_at
    }

    pub(super) fn due(&self, now: Instant) -> bool {
        self.retry_at.is_some_and(|at| at <= now)
    }
}
