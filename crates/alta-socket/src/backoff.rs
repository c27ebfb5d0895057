use std::time::Duration;

/// The delays between attempts: exponential from `first`, never above `cap`, with full jitter.
///
/// Full jitter draws a delay evenly between zero and the exponential bound. So a thousand consoles that lost their servers
/// together do not reconnect together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackoffPolicy {
    /// The upper bound of the first delay. One second by default.
    pub first: Duration,
    /// The upper bound of all delays. One minute by default.
    pub cap: Duration,
}

impl Default for BackoffPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            cap: Duration::from_secs(60),
        }
    }
}

impl BackoffPolicy {
    /// A policy with these bounds.
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap }
    }
}

/// The minimum delay if the server requested one.
const LEAST: Duration = Duration::from_secs(1);

/// The running state of a [`BackoffPolicy`].
#[derive(Clone, Debug)]
pub struct Backoff {
    policy: BackoffPolicy,
    attempt: u32,
    random: fastrand::Rng,
}

impl Backoff {
    /// A new backoff. The `seed` determines the jitter, so that a run of a machine is repeatable.
    pub fn new(policy: BackoffPolicy, seed: u64) -> Self {
        Self {
            policy,
            attempt: 0,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// The number of delays since the last success.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The delay before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        let doublings = self.attempt.min(32);
        self.attempt = self.attempt.saturating_add(1);
        let bound = self
            .policy
            .first
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(self.policy.cap);
        bound.mul_f64(self.random.f64())
    }

    /// The delay before the next attempt: the server's `Retry-After` if it sent one, but never zero, so that a server
    /// that requests no delay does not get attempts in a loop.
    pub fn delay(&mut self, asked: Option<Duration>) -> Duration {
        let own = self.next_delay();
        asked.map_or(own, |asked| asked.max(own.min(LEAST)))
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }

    /// The longest delay.
    pub fn cap(&self) -> Duration {
        self.policy.cap
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_delay_never_exceeds_its_exponential_bound_or_the_cap(
            seed: u64, first in 1_u64..5_000, cap in 1_u64..120_000, attempts in 1_usize..80,
        ) {
            let policy = BackoffPolicy::new(Duration::from_millis(first), Duration::from_millis(cap));
            let mut backoff = Backoff::new(policy, seed);
            let mut bound = policy.first;
            for _ in 0..attempts {
                let delay = backoff.next_delay();
                prop_assert!(delay <= bound.min(policy.cap));
                bound = bound.saturating_mul(2);
            }
        }
    }

    #[test]
    fn a_requested_delay_is_used_and_a_zero_delay_is_not() {
        let asked = |seconds| Some(Duration::from_secs(seconds));
        for seed in 0..50 {
            let mut backoff = Backoff::new(BackoffPolicy::default(), seed);
            assert_eq!(backoff.delay(asked(7)), Duration::from_secs(7));
            let soon = backoff.delay(asked(0));
            assert!(soon > Duration::ZERO && soon <= Duration::from_secs(1));
            assert!(backoff.delay(None) <= Duration::from_secs(4));
            assert_eq!(backoff.attempt(), 3);
        }
    }

    #[test]
    fn delays_are_spread_and_start_over_after_a_success() {
        let policy = BackoffPolicy::default();
        let firsts: Vec<_> = (0..200)
            .map(|seed| Backoff::new(policy, seed).next_delay())
            .collect();
        assert!(firsts.iter().any(|delay| *delay < policy.first / 4));
        assert!(firsts.iter().any(|delay| *delay > policy.first * 3 / 4));

        let mut backoff = Backoff::new(policy, 7);
        for _ in 0..20 {
            backoff.next_delay();
        }
        backoff.reset();
        assert_eq!(backoff.attempt(), 0);
        assert!(backoff.next_delay() <= policy.first);
    }
}
