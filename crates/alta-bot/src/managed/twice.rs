//! Self-hosted servers that are given twice: handlers would be called twice for each event.

use super::self_hosted::SelfHosted;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tracing::warn;
use url::{Host, Url};

/// A name that is not resolved within this is compared as it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is wrong with a list of servers. Two names that lead to the same address are only warned of: behind a proxy they
/// can be different servers.
pub(super) async fn twice(servers: &[SelfHosted]) -> Vec<String> {
    let given: Vec<_> = servers.iter().map(Given::new).collect();
    let is_needed = |one: usize| {
        let others = given.iter().enumerate();
        others
            .filter(|(other, _)| *other != one)
            .any(|(_, other)| given[one].may_be(other))
    };
    let resolved = given.iter().enumerate().map(|(place, given)| {
        let is_needed = is_needed(place);
        async move {
            if is_needed {
                given.addresses().await
            } else {
                BTreeSet::new()
            }
        }
    });
    let resolved = join_all(resolved).await;

    let mut problems = Vec::new();
    for (place, one) in given.iter().enumerate() {
        let earlier = given.iter().zip(&resolved).take(place);
        for (other, addresses) in earlier {
            if one.is(other) {
                problems.push(format!("{one} is given twice"));
            } else if one.may_be(other) && !addresses.is_disjoint(&resolved[place]) {
                let both = format!("{other} and {one}");
                if one.has_name() && other.has_name() {
                    warn!(
                        "{both} have the same address; if they are one server, its handlers are called twice"
                    );
                } else {
                    problems.push(format!("{both} are the same server"));
                }
            }
        }
    }
    problems
}

struct Given<'a> {
    server: &'a SelfHosted,
    place: Option<Url>,
}

impl<'a> Given<'a> {
    fn new(server: &'a SelfHosted) -> Self {
        let place = server.place();
        Self { server, place }
    }

    fn is(&self, other: &Self) -> bool {
        let same_id = self.server.id().is_some() && self.server.id() == other.server.id();
        same_id || self.place.is_some() && self.place == other.place
    }

    /// Whether only the host is different, and resolving its name could tell that it is not.
    fn may_be(&self, other: &Self) -> bool {
        let (Some(one), Some(other)) = (&self.place, &other.place) else {
            return false;
        };
        one.port() == other.port()
            && one.path() == other.path()
            && one != other
            && (name_of(one).is_some() || name_of(other).is_some())
    }

    fn has_name(&self) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| name_of(place).is_some())
    }

    async fn addresses(&self) -> BTreeSet<IpAddr> {
        let Some(place) = &self.place else {
            return BTreeSet::new();
        };
        match place.host() {
            Some(Host::Ipv4(ip)) => BTreeSet::from([ip.into()]),
            Some(Host::Ipv6(ip)) => BTreeSet::from([ip.into()]),
            Some(Host::Domain(name)) => {
                let looking = tokio::net::lookup_host((name, 0));
                match tokio::time::timeout(PATIENCE, looking).await {
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

impl std::fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the server ")?;
        match (self.server.own_label(), &self.place) {
            (Some(label), Some(place)) => write!(f, "{label:?} at {place}"),
            (Some(label), None) => write!(f, "{label:?}"),
            (None, Some(place)) => write!(f, "at {place}"),
            (None, None) => f.write_str("without an address"),
        }
    }
}
