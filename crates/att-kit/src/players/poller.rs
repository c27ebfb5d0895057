//! The machine that decides when a snapshot is requested: fed with the demand of the readers, replies and a clock. It has no I/O.

use std::time::Duration;
use tokio::time::Instant;

/// The pause after a failed request, doubled with each failure in a row. A list can fail while a player joins.
pub(super) const RETRY: Duration = Duration::from_millis(500);

/// The longest pause after a failed request, unless the request itself took longer.
pub(super) const LONGEST_RETRY: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug)]
pub(super) enum Input {
    /// The demand of the readers.
    Demand(Demand),
    /// The request has ended.
    Ended {
        /// When it was sent; `None` if it was not sent.
        sent: Option<Instant>,
        is_ok: bool,
    },
    /// The console is connected again: pauses after failures are over.
    Connected,
}

/// The demand of all readers together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Demand {
    /// The smallest interval of the streams.
    pub(super) interval: Option<Duration>,
    /// A snapshot is needed whose request was sent at this instant or later.
    pub(super) since: Option<Instant>,
}

pub(super) struct Poller {
    demand: Demand,
    is_in_flight: bool,
    /// When the latest request was sent.
    last: Option<Instant>,
    /// When the request of the newest snapshot was sent.
    newest: Option<Instant>,
    /// No request is sent before.
    rest_until: Instant,
    failures: u32,
}

impl Poller {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            demand: Demand::default(),
            is_in_flight: false,
            last: None,
            newest: None,
            rest_until: now,
            failures: 0,
        }
    }

    pub(super) fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Demand(demand) => self.demand = demand,
            Input::Ended { sent, is_ok } => self.ended(sent, is_ok, now),
            Input::Connected if self.failures > 0 => {
                self.failures = 0;
                self.rest_until = now;
            }
            Input::Connected => {}
        }
    }

    fn ended(&mut self, sent: Option<Instant>, is_ok: bool, now: Instant) {
        self.is_in_flight = false;
        self.last = Some(sent.unwrap_or(now));
        // A server that replies slowly is idle for at least as long as it was busy.
        let mut rest = sent.map_or(Duration::ZERO, |sent| now - sent);
        if is_ok {
            self.newest = sent;
            self.failures = 0;
        } else {
            let pause = RETRY.saturating_mul(1 << self.failures.min(6));
            rest = rest.max(pause.min(LONGEST_RETRY));
            self.failures = self.failures.saturating_add(1);
        }
        self.rest_until = now + rest;
    }

    /// When the next request is due; `None` while one is in flight, or if nobody reads.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.is_in_flight {
            return None;
        }
        let is_stale = |since: &Instant| self.newest.is_none_or(|newest| newest < *since);
        let at_once = self.demand.since.filter(is_stale).map(|_| self.rest_until);
        let by_interval = self.demand.interval.map(|interval| {
            let next = self.last.map(|last| last + interval);
            next.unwrap_or(self.rest_until).max(self.rest_until)
        });
        at_once.into_iter().chain(by_interval).min()
    }

    /// Returns whether a request has to be sent now. Its end is [`Input::Ended`].
    pub(super) fn poll_request(&mut self, now: Instant) -> bool {
        let is_due = self.deadline().is_some_and(|deadline| deadline <= now);
        self.is_in_flight |= is_due;
        is_due
    }
}
