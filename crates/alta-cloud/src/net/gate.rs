use super::limits::Limits;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The network that an address counts for: an IPv4 address for itself, an IPv6 address for its /64, which one client has alone.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// The number of connections, in all and by address.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection until the admission is dropped. `None` if there are too many.
    pub(super) fn admit(
        self: &Arc<Self>,
        limits: &Limits,
        peer: Option<IpAddr>,
    ) -> Option<Admission> {
        let mut open = self.lock();
        if open.all >= limits.connections {
            return None;
        }
        let network = peer.map(network).filter(|_| !limits.behind_proxy);
        if let Some(network) = network {
            let of_network = open.by_network.get(&network).copied().unwrap_or_default();
            if of_network >= limits.connections_per_address {
                return None;
            }
            open.by_network.insert(network, of_network + 1);
        }
        open.all += 1;
        Some(Admission {
            peer,
            network,
            gate: Arc::clone(self),
        })
    }
}

/// A connection that the service has accepted. It counts until this is dropped.
#[derive(Debug)]
pub struct Admission {
    peer: Option<IpAddr>,
    network: Option<IpAddr>,
    gate: Arc<Gate>,
}

impl Admission {
    /// The address of the other side: the client, or the proxy in front of the service.
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.gate.lock();
        open.all -= 1;
        if let Some(network) = self.network
            && let Some(of_network) = open.by_network.get_mut(&network)
        {
            *of_network -= 1;
            if *of_network == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

/// The client's address that the last proxy has added to `X-Forwarded-For`.
pub(super) fn forwarded(headers: &[(String, String)]) -> Option<IpAddr> {
    let mut values = headers.iter().rev();
    let (_, value) = values.find(|(name, _)| name == "x-forwarded-for")?;
    let last = value.rsplit(',').next()?.trim();
    let address = last.trim_start_matches('[');
    address
        .parse()
        .or_else(|_| address.trim_end_matches(']').parse())
        .or_else(|_| {
            last.parse()
                .map(|with_port: std::net::SocketAddr| with_port.ip())
        })
        .ok()
}

/// Returns whether the last proxy says that the client uses TLS (`X-Forwarded-Proto`).
pub(super) fn is_forwarded_tls(headers: &[(String, String)]) -> bool {
    let mut values = headers.iter().rev();
    let value = values.find(|(name, _)| name == "x-forwarded-proto");
    value.is_some_and(|(_, value)| value.eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn connections_are_limited_in_all_and_by_address() {
        let mut limits = Limits::default();
        (limits.connections, limits.connections_per_address) = (3, 2);
        let gate = Arc::new(Gate::default());
        let admit = |limits: &Limits, text| gate.admit(limits, Some(address(text)));
        let first = admit(&limits, "192.0.2.1").unwrap();
        let _mapped = admit(&limits, "::ffff:192.0.2.1").unwrap();
        assert!(admit(&limits, "192.0.2.1").is_none());
        let _other = admit(&limits, "2001:db8::1").unwrap();
        assert!(admit(&limits, "192.0.2.2").is_none());
        drop(first);
        assert_eq!(gate.lock().by_network.len(), 2);
        let _neighbor = admit(&limits, "2001:db8::2:1").unwrap();
        limits.connections = 9;
        assert!(admit(&limits, "2001:db8::3").is_none());
        assert!(admit(&limits, "2001:db8:0:1::3").is_some());
        limits.behind_proxy = true;
        assert!(admit(&limits, "2001:db8::3").is_some());
    }

    #[test]
    fn the_last_forwarded_address_counts() {
        for (values, expected) in [
            (&["198.51.100.7"][..], Some("198.51.100.7")),
            (&["10.0.0.1, 198.51.100.7"], Some("198.51.100.7")),
            (&["10.0.0.1", "x, 198.51.100.7:4711 "], Some("198.51.100.7")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["[2001:db8::1]"], Some("2001:db8::1")),
            (&["[2001:db8::1]:80"], Some("2001:db8::1")),
            (&["198.51.100.7,"], None),
            (&["unknown"], None),
            (&[], None),
        ] {
            let headers = values.iter().map(|value| ("x-forwarded-for", *value));
            let headers: Vec<_> = headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(forwarded(&headers), expected.map(address), "{values:?}");
        }
    }
}
