use ipnet::IpNet;
use std::net::IpAddr;

/// Targets that are reached without the proxy, as in `NO_PROXY`: hosts, domains with their subdomains, IP addresses and
/// networks, each optionally with a port, and `*` for all.
#[derive(Debug, Default)]
pub(crate) struct Exceptions(Vec<(Pattern, Option<u16>)>);

#[derive(Debug)]
enum Pattern {
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

    pub(crate) fn contain(&self, host: &str, port: u16) -> bool {
        let address = ip(host);
        self.0.iter().any(|(pattern, only)| {
            let matches = match (pattern, address) {
                (Pattern::All, _) => true,
                (Pattern::Network(network), Some(address)) => network.contains(&address),
                (Pattern::Domain(domain), None) => is_within(host, domain),
                (Pattern::Network(_), None) | (Pattern::Domain(_), Some(_)) => false,
            };
            matches && only.is_none_or(|only| only == port)
        })
    }
}

fn entry(text: &str) -> (Pattern, Option<u16>) {
    if let Some(network) = network(text) {
        return (Pattern::Network(network), None);
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (text, None),
    };
    let pattern = match network(host) {
        Some(network) => Pattern::Network(network),
        None if host == "*" => Pattern::All,
        None => {
            let domain = host.strip_prefix('*').unwrap_or(host);
            Pattern::Domain(domain.trim_matches('.').to_ascii_lowercase())
        }
    };
    (pattern, port)
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| ip(text).map(IpNet::from))
}

/// An IP address, with or without brackets.
fn ip(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// Returns whether a host is this domain or a subdomain.
fn is_within(host: &str, domain: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.strip_suffix(domain) {
        Some(before) => before.is_empty() || before.ends_with('.'),
        None => false,
    }
}

/// Returns whether a host is a loopback address.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    ip(host).is_some_and(|ip| ip.is_loopback()) || name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_recognized() {
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
            assert!(except.contain(host, 443), "{host}");
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
            assert!(!except.contain(host, 443), "{host}");
        }
        assert!(except.contain("p.example", 1760));
        let all = Exceptions::read("x, *");
        assert!(all.contain("anything", 1) && all.contain("[::1]", 1));
        assert!(!Exceptions::read("").contain("h", 1));
    }
}
