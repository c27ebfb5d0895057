use ipnet::IpNet;
use std::net::IpAddr;

/// What is reached directly although there is a proxy, as `NO_PROXY` lists it: hosts and domains with all below them, IP
/// addresses and networks, each with a port if only that is meant, and `*` for everything.
#[derive(Debug, Default)]
pub(crate) struct Exceptions(Vec<(What, Option<u16>)>);

#[derive(Debug)]
enum What {
    All,
    Domain(String),
    Network(IpNet),
}

impl Exceptions {
    pub(crate) fn read(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t']).map(str::trim);
        Self(
            entries
                .filter(|entry| !entry.is_empty())
                .map(entry)
                .collect(),
        )
    }

    pub(crate) fn hold(&self, host: &str, port: u16) -> bool {
        let address = ip(host);
        self.0.iter().any(|(what, only)| {
            let is_meant = match (what, address) {
                (What::All, _) => true,
                (What::Network(network), Some(address)) => network.contains(&address),
                (What::Domain(domain), None) => is_within(host, domain),
                (What::Network(_), None) | (What::Domain(_), Some(_)) => false,
            };
            is_meant && only.is_none_or(|only| only == port)
        })
    }
}

fn entry(text: &str) -> (What, Option<u16>) {
    if let Some(network) = network(text) {
        return (What::Network(network), None);
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (text, None),
    };
    let what = match network(host) {
        Some(network) => What::Network(network),
        None if host == "*" => What::All,
        None => {
            let domain = host.strip_prefix('*').unwrap_or(host);
            What::Domain(domain.trim_matches('.').to_ascii_lowercase())
        }
    };
    (what, port)
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| ip(text).map(IpNet::from))
}

/// An IP address, with brackets or without.
fn ip(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// Whether a host is this domain or below it.
fn is_within(host: &str, domain: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.strip_suffix(domain) {
        Some(before) => before.is_empty() || before.ends_with('.'),
        None => false,
    }
}

/// Whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    ip(host).is_some_and(|ip| ip.is_loopback()) || name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "127.0.0.1",
            "127.8.0.1",
            "[::1]",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["example.org", "localhost.example.org", "10.0.0.1", "[::2]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn hosts_domains_networks_and_ports_are_excepted() {
        let list = "town.example, .lan *.corp.example,192.0.2.7,10.1.0.0/16, [2001:db8::7],2001:db8:1::/48, p.example:1760";
        let except = Exceptions::read(list);
        for host in [
            "town.example",
            "TOWN.example.",
            "a.town.example",
            "lan",
            "x.lan",
            "corp.example",
            "y.corp.example",
            "192.0.2.7",
            "10.1.200.3",
            "[2001:db8::7]",
            "2001:db8::7",
            "[2001:db8:1::9]",
        ] {
            assert!(except.hold(host, 443), "{host}");
        }
        for host in [
            "mytown.example",
            "example",
            "plan",
            "192.0.2.8",
            "10.2.0.1",
            "[2001:db8::8]",
            "p.example",
        ] {
            assert!(!except.hold(host, 443), "{host}");
        }
        assert!(except.hold("p.example", 1760));
        let all = Exceptions::read("x, *");
        assert!(all.hold("anything", 1) && all.hold("[::1]", 1));
        assert!(!Exceptions::read("").hold("h", 1));
    }
}
