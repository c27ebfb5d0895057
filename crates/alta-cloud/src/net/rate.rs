use std::time::Duration;

/// A number of actions that are free at once, and the time after which one more is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    burst: u32,
    every: Duration,
}

impl Rate {
    /// No limit.
    pub const UNLIMITED: Self = Self::new(u32::MAX, Duration::ZERO);

    /// At most `burst` actions at once, then one in each time `every`.
    pub const fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every }
    }
}

/// The actions of one client that still count, as the time at which all of them are over.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Count(Duration);

impl Count {
    /// Counts an action.
    ///
    /// # Errors
    ///
    /// There were too many: the time to wait.
    pub(crate) fn take(&mut self, rate: Rate, now: Duration) -> Result<(), Duration> {
        let free = rate.every.saturating_mul(rate.burst.saturating_sub(1));
        let ahead = self.0.saturating_sub(now);
        match ahead.checked_sub(free) {
            None | Some(Duration::ZERO) => {
                self.0 = self.0.max(now).saturating_add(rate.every);
                Ok(())
            }
            Some(wait) => Err(wait),
        }
    }

    /// Undoes one [`take`](Self::take).
    pub(crate) fn give_back(&mut self, rate: Rate) {
        self.0 = self.0.saturating_sub(rate.every);
    }

    /// Returns whether no action counts any more.
    pub(crate) fn is_over(self, now: Duration) -> bool {
        self.0 <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_one_at_a_time() {
        let second = Duration::from_secs(1);
        let rate = Rate::new(3, second);
        let mut count = Count::default();
        let now = Duration::from_secs(100);
        for _ in 0..3 {
            assert_eq!(count.take(rate, now), Ok(()));
        }
        assert_eq!(count.take(rate, now), Err(second));
        assert_eq!(count.take(rate, now + second / 2), Err(second / 2));
        assert_eq!(count.take(rate, now + second), Ok(()));
        assert_eq!(count.take(rate, now + second), Err(second));
        count.give_back(rate);
        assert_eq!(count.take(rate, now + second), Ok(()));
        assert!(!count.is_over(now) && count.is_over(now + 9 * second));
        assert_eq!(count.take(Rate::new(0, second), now + 9 * second), Ok(()));
        for _ in 0..9_999 {
            assert_eq!(count.take(Rate::UNLIMITED, now + 99 * second), Ok(()));
        }
    }
}
