use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::time::Instant;

/// The limit of calls of bot commands from one console. It ends a loop of two bots that reply to each other; further calls are
/// logged as a warning and not made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CallLimits {
    /// The most calls of the same line within the period. 5.
    pub same_line: usize,
    /// The most calls within the period. 50.
    pub all: usize,
    /// 10 s.
    pub period: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            same_line: 5,
            all: 50,
            period: Duration::from_secs(10),
        }
    }
}

impl CallLimits {
    /// Sets [`same_line`](Self#structfield.same_line).
    #[must_use]
    pub fn same_line(mut self, same_line: usize) -> Self {
        self.same_line = same_line;
        self
    }

    /// Sets [`all`](Self#structfield.all).
    #[must_use]
    pub fn all(mut self, all: usize) -> Self {
        self.all = all;
        self
    }

    /// Sets [`period`](Self#structfield.period).
    #[must_use]
    pub fn period(mut self, period: Duration) -> Self {
        self.period = period;
        self
    }
}

/// The latest calls of one console. At most [`CallLimits::all`] of them are kept.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    calls: VecDeque<(Instant, u64)>,
}

impl Limiter {
    /// Counts a call of this line, unless there were too many.
    pub(super) fn admits(&mut self, line: &str, limits: &CallLimits, now: Instant) -> bool {
        while let Some((at, _)) = self.calls.front()
            && now.saturating_duration_since(*at) >= limits.period
        {
            self.calls.pop_front();
        }
        let mut hasher = DefaultHasher::new();
        line.trim().to_lowercase().hash(&mut hasher);
        let line = hasher.finish();
        let same = self.calls.iter().filter(|(_, it)| *it == line).count();
        let admits = self.calls.len() < limits.all && same < limits.same_line;
        if admits {
            self.calls.push_back((now, line));
        }
        admits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_line_and_all_lines_together_are_bounded_within_the_period() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let limits = CallLimits::default().same_line(2).all(3);
        let mut admits =
            |line, seconds| limiter.admits(line, &limits, start + Duration::from_secs(seconds));
        assert!(admits("heal 7", 0) && admits("HEAL 7 ", 1));
        assert!(!admits("heal 7", 2), "the same line");
        assert!(admits("heal 8", 3));
        assert!(!admits("heal 9", 4), "the fourth of all");
        assert!(!admits("heal 7", 9));
        assert!(admits("heal 7", 10), "the first is 10 s old");
        assert!(!admits("heal 9", 10));
    }
}
