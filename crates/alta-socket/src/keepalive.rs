use crate::wall::deadline_after;
use std::time::{Duration, Instant};

/// Detects a dead link: it sends a ping every `interval`, and the link is dead if nothing arrived between one ping and the time
/// of the next.
///
/// An idle server sends nothing but pongs, and some servers never ping, so a half-open connection can only be found this way.
#[derive(Clone, Debug)]
pub struct KeepAlive {
    interval: Duration,
    next: Instant,
    awaiting_pong: bool,
    last_heard: Instant,
}

/// The result of [`KeepAlive::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// Nothing to do until [`KeepAlive::deadline`].
    Fine,
    /// Send a ping now.
    PingDue,
    /// Nothing arrived since the last ping: the link is dead.
    Dead,
}

impl KeepAlive {
    /// A keepalive of a link that opens `now`.
    pub fn new(interval: Duration, now: Instant) -> Self {
        Self {
            interval,
            next: deadline_after(now, interval),
            awaiting_pong: false,
            last_heard: now,
        }
    }

    /// Records that something arrived: any byte counts.
    pub fn heard(&mut self, now: Instant) {
        self.awaiting_pong = false;
        self.last_heard = now;
    }

    /// The time of the last arrival.
    pub fn last_heard(&self) -> Instant {
        self.last_heard
    }

    /// The time to call [`check`](Self::check) again.
    pub fn deadline(&self) -> Instant {
        self.next
    }

    /// Checks the link. After [`Liveness::PingDue`] the caller sends a ping.
    pub fn check(&mut self, now: Instant) -> Liveness {
        if now < self.next {
            return Liveness::Fine;
        }
        if self.awaiting_pong {
            return Liveness::Dead;
        }
        self.awaiting_pong = true;
        self.next = deadline_after(now, self.interval);
        Liveness::PingDue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(30);

    #[test]
    fn a_silent_link_is_dead_at_the_second_interval() {
        let start = Instant::now();
        let mut watch = KeepAlive::new(INTERVAL, start);
        assert_eq!(watch.check(start), Liveness::Fine);
        assert_eq!(watch.check(start + INTERVAL), Liveness::PingDue);
        assert_eq!(watch.check(start + INTERVAL * 3 / 2), Liveness::Fine);
        assert_eq!(watch.check(start + INTERVAL * 2), Liveness::Dead);
    }

    #[test]
    fn any_frame_counts_as_a_reply_to_the_ping() {
        let start = Instant::now();
        let mut watch = KeepAlive::new(INTERVAL, start);
        for round in 1..10 {
            let due = start + INTERVAL * round;
            assert_eq!(watch.check(due), Liveness::PingDue);
            watch.heard(due + INTERVAL / 2);
            assert_eq!(watch.last_heard(), due + INTERVAL / 2);
        }
    }
}
