use std::net::{IpAddr, Ipv4Addr};
use url::{Host, Url};

/// The normal form of a console's address: with the port, without user and password, and this machine always as `127.0.0.1`.
/// `None` if it is not the address of a websocket.
pub(crate) fn normalized(url: &Url) -> Option<Url> {
    let port = url.port_or_known_default()?;
    let host = match url.host()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            if name == "localhost" || name.ends_with(".localhost") {
                Ipv4Addr::LOCALHOST.to_string()
            } else {
                name
            }
        }
        Host::Ipv4(ip) => of_ip(ip.into()),
        Host::Ipv6(ip) => of_ip(ip.into()),
    };
    // `ws` and `wss` are the same place if the port is the same: a port serves one of them.
    let path = url.path().trim_end_matches('/');
    Url::parse(&format!("ws://{host}:{port}{path}")).ok()
}

/// Loopback and unspecified addresses all reach this machine.
fn of_ip(ip: IpAddr) -> String {
    match ip.to_canonical() {
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
        IpAddr::V6(ip) if ip.is_loopback() => Ipv4Addr::LOCALHOST.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_console_have_one_form() {
        let of = |url: &str| normalized(&url.parse().unwrap()).unwrap().to_string();
        for same in [
            "ws://127.0.0.1:1760",
            "ws://localhost:1760/",
            "ws://LOCALHOST:1760",
            "ws://localhost.:1760",
            "ws://[::1]:1760",
            "ws://0.0.0.0:1760",
            "ws://[::ffff:127.0.0.1]:1760",
            "wss://user:secret@127.0.0.1:1760",
        ] {
            assert_eq!(of(same), "ws://127.0.0.1:1760/", "{same}");
        }
        assert_eq!(of("ws://town.example"), of("ws://Town.example.:80/"));
        assert_eq!(of("wss://town.example/a/"), of("wss://town.example:443/a"));
        for (one, other) in [
            ("ws://127.0.0.1:1760", "ws://127.0.0.1:1761"),
            ("ws://127.0.0.1:1760", "ws://127.0.0.2:1760"),
            ("wss://town.example/a", "wss://town.example/b"),
            ("ws://town.example", "ws://other.example"),
        ] {
            assert_ne!(of(one), of(other));
        }
    }
}
