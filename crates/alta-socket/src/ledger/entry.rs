use super::{Held, Loss};
use crate::backoff::Backoff;
use std::time::Instant;

/// The work on one subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Work {
    #[default]
    Idle,
    /// It is in the due queue.
    Queued,
    /// A request for it is in flight. There is never a second one.
    InFlight,
}

/// A request whose reply has not come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    subscribes: bool,
    since: Instant,
    /// A request before this one timed out, and its effect is not known.
    pub(super) is_repeated: bool,
}

/// The record of one subscription.
#[derive(Debug, Default)]
pub struct Entry {
    pub(super) wanted: bool,
    pub(super) held: Held,
    pub(super) work: Work,
    /// It is left out of batches, since it failed in one.
    pub(super) alone: bool,
    /// It is held as far as known, but must be requested once more.
    pub(super) doubted: bool,
    pub(super) asked: Option<Asked>,
    /// The end of its linger: until then it stays held although it is not wanted.
    pub(super) linger_until: Option<Instant>,
    pub(super) retry_at: Option<Instant>,
    pub(super) timer: Option<Instant>,
    pub(super) lost: Option<Loss>,
    /// The time of the server's last confirmation on this connection.
    pub(super) confirmed_at: Option<Instant>,
    pub(super) backoff: Option<Box<Backoff>>,
}

pub(super) enum Due {
    Never,
    Forget,
    At(Option<Instant>, bool),
}

impl Entry {
    pub(super) fn due(&self) -> Due {
        match (self.wanted, self.held) {
            (true, Held::Yes) if !self.doubted => Due::Never,
            (true, Held::Refused) => Due::Never,
            (true, Held::Yes | Held::No | Held::Unknown) => Due::At(self.retry_at, true),
            (false, Held::No | Held::Refused) => Due::Forget,
            (false, Held::Yes | Held::Unknown) => {
                Due::At(self.retry_at.max(self.linger_until), false)
            }
        }
    }

    pub(super) fn is_for_a_batch(&self, now: Instant) -> bool {
        let is_due = |at: Option<Instant>| at.is_none_or(|at| at <= now);
        !self.alone && matches!(self.due(), Due::At(at, true) if is_due(at))
    }

    pub(super) fn ask(&mut self, subscribes: bool, now: Instant) -> Instant {
        self.work = Work::InFlight;
        self.doubted = false;
        if !subscribes {
            // Until the reply its state is not certain: a stream that begins now waits for the next confirmation.
            self.held = Held::Unknown;
            self.confirmed_at = None;
        }
        let before = self.asked.filter(|asked| asked.subscribes == subscribes);
        let since = before.map_or(now, |asked| asked.since);
        self.asked = Some(Asked {
            subscribes,
            since,
            is_repeated: before.is_some(),
        });
        since
    }

    pub(super) fn no_failure(&mut self) {
        self.retry_at = None;
        self.backoff = None;
    }

    /// The connection is lost, and the server dropped this subscription with it.
    pub(super) fn disconnected(&mut self, loss: Loss, refusal_stands: bool) {
        if self.held == Held::Yes {
            // Several losses before it is held again are one gap.
            self.lost.get_or_insert(loss);
        }
        // A refusal after a confirmation is not kept: the server can have been in a bad state.
        if self.held != Held::Refused || self.lost.is_some() || !refusal_stands {
            self.held = Held::No;
        }
        self.work = Work::Idle;
        self.alone = false;
        self.doubted = false;
        self.asked = None;
        self.timer = None;
        self.confirmed_at = None;
        self.no_failure();
    }
}

impl Entry {
    /// A request for it ended without a clear reply.
    pub(super) fn not_sure(&mut self, is_unknown: bool) {
        match self.held {
            Held::Yes => self.doubted = true,
            _ if is_unknown => self.held = Held::Unknown,
            _ => {}
        }
    }
}
