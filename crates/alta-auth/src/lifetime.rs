use crate::Grant;
use alta_model::Timestamp;
use std::time::Duration;

/// The time of a token's renewal, and of its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Lifetime {
    /// From this time on, a call renews the token.
    pub(crate) renew_at: Timestamp,
    /// From this time on, the token is invalid.
    pub(crate) ends_at: Timestamp,
}

/// A token is renewed after this part of its lifetime, as in att-client.
const RENEW_AT_PERCENT: u32 = 90;

/// It is renewed at least this long before its end (js-tale, alta-jsapi).
const MARGIN: Duration = Duration::from_secs(15);

/// It is not renewed sooner than this after its arrival, nor in the first half of its lifetime: with a short-lived token, not
/// every call must log in.
const AT_LEAST: Duration = Duration::from_secs(1);

impl Lifetime {
    /// The lifetime of a token that has just arrived; none if it is not credible, so that the token is used until a server
    /// refuses it.
    ///
    /// The service's `expires_in` needs no common clock. It takes precedence if `exp` has apparently passed or is much
    /// nearer: this machine's clock is wrong then, and repeated logins would not help. If only `exp` is known and has passed
    /// on arrival, the clock is wrong, too.
    pub(crate) fn of(grant: &Grant, now: Timestamp) -> Option<Self> {
        let by_claims = grant
            .token
            .expires_at()
            .map(|end| end.saturating_duration_since(now))
            .filter(|life| !life.is_zero());
        let life = match (grant.expires_in.filter(|life| !life.is_zero()), by_claims) {
            (Some(said), Some(by_claims)) if by_claims < said / 2 => said,
            (Some(said), Some(by_claims)) => said.min(by_claims),
            (a, b) => a.or(b)?,
        };
        // The division comes first: the product of a very long lifetime would overflow.
        let usual = life / 100 * RENEW_AT_PERCENT;
        let renew_after = usual
            .min(life.saturating_sub(MARGIN))
            .max(life / 2)
            .max(AT_LEAST);
        Some(Self {
            renew_at: now.checked_add(renew_after)?,
            ends_at: now.checked_add(life)?,
        })
    }

    /// Schedules the next attempt after one that failed at `now`: after a quarter of the time left, between 5 s and 60 s, or
    /// later if the service requested that.
    pub(crate) fn postpone(&mut self, now: Timestamp, asked: Option<Duration>) {
        let left = self.ends_at.saturating_duration_since(now);
        let own = (left / 4).clamp(Duration::from_secs(5), Duration::from_secs(60));
        let pause = own.max(asked.unwrap_or_default());
        if let Some(next) = now.checked_add(pause) {
            self.renew_at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use serde_json::json;

    fn now() -> Timestamp {
        Timestamp::from_unix_seconds(1_700_000_000).unwrap()
    }

    /// A token whose claims expire this many seconds from now.
    fn grant(exp: Option<i64>, expires_in: Option<u64>) -> Grant {
        let claims = exp.map_or(json!({}), |exp| json!({"exp": 1_700_000_000 + exp}));
        let token = format!("e30.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let grant = Grant::new(token);
        match expires_in {
            Some(seconds) => grant.expires_in(Duration::from_secs(seconds)),
            None => grant,
        }
    }

    fn seconds(exp: Option<i64>, expires_in: Option<u64>) -> Option<(u64, u64)> {
        let lifetime = Lifetime::of(&grant(exp, expires_in), now())?;
        Some((
            lifetime.renew_at.saturating_duration_since(now()).as_secs(),
            lifetime.ends_at.saturating_duration_since(now()).as_secs(),
        ))
    }

    #[test]
    fn renewal_is_due_at_ninety_percent_but_fifteen_seconds_before_the_end() {
        assert_eq!(seconds(Some(3_600), None), Some((3_240, 3_600)));
        assert_eq!(seconds(None, Some(3_600)), Some((3_240, 3_600)));
        assert_eq!(seconds(Some(100), None), Some((85, 100)));
    }

    #[test]
    fn the_shorter_of_two_credible_lives_counts() {
        assert_eq!(seconds(Some(2_000), Some(3_600)), Some((1_800, 2_000)));
        assert_eq!(seconds(Some(3_600), Some(2_000)), Some((1_800, 2_000)));
    }

    #[test]
    fn a_clock_that_is_nearly_a_lifetime_ahead_causes_no_storm_of_logins() {
        for exp in [1, 5, 60, 1_000, 1_799] {
            assert_eq!(seconds(Some(exp), Some(3_600)), Some((3_240, 3_600)));
        }
    }

    #[test]
    fn a_token_that_has_expired_on_arrival_is_used_until_it_is_refused() {
        assert_eq!(seconds(Some(0), None), None);
        assert_eq!(seconds(Some(-3_600), None), None);
        assert_eq!(seconds(Some(-3_600), Some(3_600)), Some((3_240, 3_600)));
        assert_eq!(seconds(None, None), None);
        assert_eq!(seconds(None, Some(0)), None);
    }

    #[test]
    fn a_lifetime_beyond_the_calendar_is_ignored() {
        for life in [u64::MAX / 1_000, u64::MAX / 50, u64::MAX] {
            assert_eq!(seconds(None, Some(life)), None);
        }
    }

    proptest! {
        #[test]
        fn a_renewal_is_never_due_at_once(life in 1_u64..100_000_000) {
            let (renew, end) = seconds(None, Some(life)).unwrap();
            prop_assert!(renew >= 1 && renew >= life / 2 && renew <= end.max(1));
        }
    }

    #[test]
    fn a_failed_renewal_is_retried_before_the_end() {
        let mut lifetime = Lifetime::of(&grant(None, Some(3_600)), now()).unwrap();
        let failed = lifetime.renew_at;
        lifetime.postpone(failed, None);
        let pause = lifetime.renew_at.saturating_duration_since(failed);
        assert_eq!(pause, Duration::from_secs(60));
        let late = lifetime
            .ends_at
            .checked_sub(Duration::from_secs(40))
            .unwrap();
        lifetime.postpone(late, Some(Duration::from_secs(3)));
        assert_eq!(
            lifetime.renew_at.saturating_duration_since(late),
            Duration::from_secs(10)
        );
        lifetime.postpone(late, Some(Duration::from_secs(31)));
        assert_eq!(
            lifetime.renew_at.saturating_duration_since(late),
            Duration::from_secs(31)
        );
    }
}
