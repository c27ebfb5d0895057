use super::gate::network;
use super::limits::Limits;
use super::rate::{Count, Rate};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The number of addresses and accounts that are remembered. When they are too many, those whose attempts are over first are
/// forgotten.
const REMEMBERED: usize = 16_384;

/// The failed logins of the last time, by address and by account.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    /// Accounts and addresses are remembered by a hash that no client can predict.
    hasher: RandomState,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    counts: HashMap<u64, Count>,
    /// Pairs of accounts and addresses whose login has succeeded.
    known: HashMap<u64, Duration>,
}

/// An attempt to log in. It counts as a failed one, unless it is [told](Logins::succeeded) to have succeeded.
#[derive(Debug)]
pub(crate) struct Attempt {
    counted: Vec<(u64, Rate)>,
    /// The pairs of the accounts and the address.
    pairs: Vec<u64>,
}

impl Logins {
    /// Counts an attempt to log in to some accounts.
    ///
    /// # Errors
    ///
    /// There were too many: the time to wait.
    pub(crate) fn attempt(
        &self,
        limits: &Limits,
        address: Option<IpAddr>,
        accounts: &[String],
        now: Duration,
    ) -> Result<Attempt, Duration> {
        let address = address.map(network);
        let of_address = address.map(|address| self.hasher.hash_one((0, address)));
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let mut attempt = Attempt {
            counted: Vec::new(),
            pairs: Vec::new(),
        };
        let mut keys: Vec<(u64, Rate)> = Vec::new();
        let mut are_known = !accounts.is_empty();
        for account in accounts {
            let pair = self.hasher.hash_one((1, account, address));
            let is_known = table.known.contains_key(&pair);
            let key = if is_known {
                pair
            } else {
                self.hasher.hash_one((2, account))
            };
            are_known &= is_known;
            keys.push((key, limits.logins_per_account));
            attempt.pairs.push(pair);
        }
        // A bot with a wrong secret does not lock the others of its machine, which have logged in from there before.
        if !are_known {
            keys.extend(of_address.map(|key| (key, limits.logins_per_address)));
        }
        for (key, rate) in keys {
            if let Err(wait) = table.take(key, rate, now) {
                table.give_back(&attempt.counted);
                return Err(wait);
            }
            attempt.counted.push((key, rate));
        }
        Ok(attempt)
    }

    /// Does not count an attempt that has succeeded.
    pub(crate) fn succeeded(&self, attempt: &Attempt, now: Duration) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.give_back(&attempt.counted);
        for pair in &attempt.pairs {
            if table.known.len() >= REMEMBERED && !table.known.contains_key(pair) {
                forget(&mut table.known);
            }
            table.known.insert(*pair, now);
        }
    }
}

impl Table {
    fn take(&mut self, key: u64, rate: Rate, now: Duration) -> Result<(), Duration> {
        if rate == Rate::UNLIMITED {
            return Ok(());
        }
        if self.counts.len() >= REMEMBERED && !self.counts.contains_key(&key) {
            self.counts.retain(|_, count| !count.is_over(now));
            if self.counts.len() >= REMEMBERED {
                forget(&mut self.counts);
            }
        }
        self.counts.entry(key).or_default().take(rate, now)
    }

    fn give_back(&mut self, counted: &[(u64, Rate)]) {
        for (key, rate) in counted {
            if let Some(count) = self.counts.get_mut(key) {
                count.give_back(*rate);
            }
        }
    }
}

/// Removes the quarter with the least values.
fn forget<T: Copy + Ord>(table: &mut HashMap<u64, T>) {
    let mut all: Vec<(T, u64)> = table.iter().map(|(key, value)| (*value, *key)).collect();
    let quarter = all.len() / 4;
    if quarter > 0 {
        all.select_nth_unstable(quarter);
    }
    for (_, key) in &all[..quarter] {
        table.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn limits() -> Limits {
        Limits {
            logins_per_address: Rate::new(5, Duration::from_secs(10)),
            logins_per_account: Rate::new(3, Duration::from_secs(60)),
            ..Limits::default()
        }
    }

    fn of(last: u16) -> IpAddr {
        let [high, low] = last.to_be_bytes();
        [203, 0, high, low].into()
    }

    #[test]
    fn failed_logins_are_limited_by_address_and_by_account() {
        let (logins, limits) = (Logins::default(), limits());
        let attempt = |address, account: &str| {
            let result = logins.attempt(&limits, Some(of(address)), &[account.to_owned()], NOW);
            result.map(drop)
        };
        for address in 0..3 {
            assert_eq!(attempt(address, "Ashwick"), Ok(()));
        }
        assert_eq!(attempt(3, "Ashwick"), Err(Duration::from_secs(60)));
        // A refused attempt does not count for the address.
        for account in ["a", "b", "c", "d", "e"] {
            assert_eq!(attempt(3, account), Ok(()));
        }
        assert_eq!(attempt(3, "f"), Err(Duration::from_secs(10)));
        assert_eq!(attempt(4, "f"), Ok(()));
    }

    #[test]
    fn a_stranger_cannot_lock_an_account_for_its_owner() {
        let (logins, limits) = (Logins::default(), limits());
        let name = ["Ashwick".to_owned()];
        for _ in 0..100 {
            let attempt = logins.attempt(&limits, Some(of(1)), &name, NOW).unwrap();
            logins.succeeded(&attempt, NOW);
        }
        let stranger = || logins.attempt(&limits, Some(of(2)), &name, NOW);
        assert_eq!((0..9).filter(|_| stranger().is_ok()).count(), 3);
        assert!(logins.attempt(&limits, Some(of(1)), &name, NOW).is_ok());
    }

    #[test]
    fn the_failures_of_other_accounts_do_not_lock_one_that_has_logged_in_from_the_address() {
        let (logins, limits) = (Logins::default(), limits());
        let attempt =
            |account: &str| logins.attempt(&limits, Some(of(1)), &[account.to_owned()], NOW);
        let first = attempt("Ashwick").unwrap();
        logins.succeeded(&first, NOW);
        for account in ["a", "b", "c", "d", "e"] {
            assert!(attempt(account).is_ok());
        }
        assert!(attempt("f").is_err());
        for _ in 0..3 {
            assert!(attempt("Ashwick").is_ok());
        }
        assert!(attempt("Ashwick").is_err());
    }

    #[test]
    fn the_tables_are_bounded() {
        let (logins, limits) = (Logins::default(), limits());
        for number in 0..40_000_u32 {
            let names = [number.to_string()];
            let attempt = logins.attempt(&limits, None, &names, NOW).unwrap();
            if number % 2 == 0 {
                logins.succeeded(&attempt, NOW);
            }
        }
        let table = logins.table.lock().unwrap();
        assert!(table.counts.len() <= REMEMBERED && table.known.len() <= REMEMBERED);
    }
}
