//! The recently used addresses of a host.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A connection that is older than this is no reason to try another address.
const RECENT: Duration = Duration::from_secs(300);

/// The latest connection to each address of the hosts that have several.
///
/// A server can accept connections and stay silent. A program that soon connects again either failed with the last address or
/// needs several connections; another address suits both cases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recent(Arc<Mutex<Hosts>>);

type Hosts = HashMap<(String, u16), Vec<(IpAddr, Instant)>>;

impl Recent {
    /// Sorts recently used addresses behind the others, the latest last.
    pub(crate) fn sort(&self, host: &str, port: u16, addresses: &mut [IpAddr], now: Instant) {
        let hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(latest) = hosts.get(&(host.to_owned(), port)) else {
            return;
        };
        addresses.sort_by_key(|address| {
            let same = latest.iter().find(|(other, _)| other == address);
            same.map(|(_, at)| *at).filter(|at| now < *at + RECENT)
        });
    }

    /// Records a connection to this address of the host.
    pub(crate) fn opened(&self, host: &str, port: u16, address: IpAddr, now: Instant) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, latest| {
            latest.retain(|(_, at)| now < *at + RECENT);
            !latest.is_empty()
        });
        let latest = hosts.entry((host.to_owned(), port)).or_default();
        latest.retain(|(other, _)| *other != address);
        latest.push((address, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_alternate_and_old_connections_are_forgotten() {
        let recent = Recent::default();
        let ip = |last| IpAddr::from([127, 0, 0, last]);
        let mut now = Instant::now();
        let sorted = |now| {
            let mut addresses = [ip(1), ip(2), ip(3)];
            recent.sort("town.example", 1760, &mut addresses, now);
            addresses
        };
        assert_eq!(sorted(now), [ip(1), ip(2), ip(3)]);
        for next in [1, 2, 3, 1, 2] {
            assert_eq!(sorted(now)[0], ip(next));
            recent.opened("town.example", 1760, ip(next), now);
            now += Duration::from_secs(60);
        }
        let mut other = [ip(1), ip(2)];
        recent.sort("town.example", 80, &mut other, now);
        assert_eq!(other, [ip(1), ip(2)]);
        now += RECENT;
        assert_eq!(sorted(now), [ip(1), ip(2), ip(3)]);
        recent.opened("other.example", 1760, ip(1), now);
        assert_eq!(recent.0.lock().unwrap().len(), 1);
    }
}
