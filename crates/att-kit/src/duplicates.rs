//! Finds servers that are in a set twice: handlers would be called twice for each event.

use att_console::Console;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tracing::warn;
use url::{Host, Url};

/// A host name that is not resolved within this time is compared as it is.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Returns an error for each pair of consoles that are the same server. For two host names with the same address it only logs a
/// warning: behind a proxy they can be different servers.
pub(crate) async fn duplicates<K: fmt::Display>(consoles: &[(K, Console)]) -> Vec<String> {
    let candidates: Vec<_> = consoles.iter().map(Candidate::new).collect();
    let is_needed = |one: usize| {
        let others = candidates.iter().enumerate();
        others
            .filter(|(other, _)| *other != one)
            .any(|(_, other)| candidates[one].may_be(other))
    };
    let resolved = candidates.iter().enumerate().map(|(place, candidates)| {
        let is_needed = is_needed(place);
        async move {
            if is_needed {
                candidates.addresses().await
            } else {
                BTreeSet::new()
            }
        }
    });
    let resolved = join_all(resolved).await;

    let mut problems = Vec::new();
    for (place, one) in candidates.iter().enumerate() {
        let earlier = candidates.iter().zip(&resolved).take(place);
        for (other, addresses) in earlier {
            let both = || format!("{other} and {one}");
            if one.is(other) {
                problems.push(format!("{} are the same server", both()));
            } else if one.may_be(other) && !addresses.is_disjoint(&resolved[place]) {
                if one.has_name() && other.has_name() {
                    warn!(
                        "{} have the same address; if they are one server, its handlers are called twice",
                        both()
                    );
                } else {
                    problems.push(format!("{} are the same server", both()));
                }
            }
        }
    }
    problems
}

struct Candidate<'a> {
    key: String,
    console: &'a Console,
    place: Option<&'a Url>,
}

impl<'a> Candidate<'a> {
    fn new<K: fmt::Display>((key, console): &'a (K, Console)) -> Self {
        Self {
            key: key.to_string(),
            console,
            place: console.url(),
        }
    }

    fn is(&self, other: &Self) -> bool {
        let same_id =
            self.console.server().is_some() && self.console.server() == other.console.server();
        same_id || self.place.is_some() && self.place == other.place
    }

    /// Returns whether only the hosts differ, and their names may resolve to the same address.
    fn may_be(&self, other: &Self) -> bool {
        let (Some(one), Some(other)) = (self.place, other.place) else {
            return false;
        };
        one.port() == other.port()
            && one.path() == other.path()
            && one != other
            && (name_of(one).is_some() || name_of(other).is_some())
    }

    fn has_name(&self) -> bool {
        self.place.is_some_and(|place| name_of(place).is_some())
    }

    async fn addresses(&self) -> BTreeSet<IpAddr> {
        let Some(place) = self.place else {
            return BTreeSet::new();
        };
        match place.host() {
            Some(Host::Ipv4(ip)) => BTreeSet::from([ip.into()]),
            Some(Host::Ipv6(ip)) => BTreeSet::from([ip.into()]),
            Some(Host::Domain(name)) => {
                let looking = tokio::net::lookup_host((name, 0));
                match tokio::time::timeout(RESOLVE_TIMEOUT, looking).await {
                    Ok(Ok(found)) => found.map(|found| canonical(found.ip())).collect(),
                    _ => BTreeSet::new(),
                }
            }
            None => BTreeSet::new(),
        }
    }
}

/// Every loopback address of this machine is one.
fn canonical(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        ip if ip.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    }
}

fn name_of(place: &Url) -> Option<&str> {
    match place.host()? {
        Host::Domain(name) => Some(name),
        _ => None,
    }
}

impl fmt::Display for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server {:?}", self.key)?;
        match self.place {
            Some(place) => write!(f, " at {place}"),
            None => Ok(()),
        }
    }
}
