use std::{fmt, net::IpAddr, sync::Arc};

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::{Error, ErrorKind};

/// Which requests go through which proxy: [`from_env`](Self::from_env) by default.
///
/// Proxies are spoken to without TLS, by HTTP (`http://`) or SOCKS 5 (`socks5://`, `socks5h://`; names are resolved there).
/// Through an HTTP proxy `https` requests go by a tunnel (CONNECT), so that it cannot read them. A user name and password in
/// a proxy's address are sent to it alone; `Debug` shows neither.
#[derive(Clone)]
pub struct Proxy(Arc<Rules>);

struct Rules {
    matcher: Matcher,
    /// Whether this machine's own addresses are asked directly.
    spares_loopback: bool,
}

impl Proxy {
    /// What the environment says, as curl reads it: `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, and the same in
    /// lower case. This machine's own addresses (`localhost`, `127.0.0.1`, `::1`) are never asked through it: another one
    /// could not reach them.
    pub fn from_env() -> Self {
        Self(Arc::new(Rules {
            matcher: Matcher::from_env(),
            spares_loopback: true,
        }))
    }

    /// This proxy for everything (`http://user:password@proxy.example.org:3128`), except for what `no_proxy` lists:
    /// hosts, domains and networks with commas between them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the address is none of a proxy that can be used.
    pub fn all(address: &str, no_proxy: &str) -> Result<Self, Error> {
        let matcher = Matcher::builder().all(address).no(no_proxy).build();
        let any = Matcher::builder().all(address).build();
        let usable = any
            .intercept(&Uri::from_static("http://example.org/"))
            .is_some_and(|proxy| Kind::of(proxy.uri()).is_some());
        if !usable {
            // The address is left out: it may hold a password.
            let problem = "a proxy's address begins with http:// or socks5:// and names a host";
            return Err(Error::new(ErrorKind::InvalidInput, problem));
        }
        Ok(Self(Arc::new(Rules {
            matcher,
            spares_loopback: false,
        })))
    }

    /// The proxy for this destination, if it goes through one.
    pub(crate) fn of(&self, destination: &Uri) -> Option<Intercept> {
        if self.0.spares_loopback && destination.host().is_some_and(is_loopback) {
            return None;
        }
        self.0.matcher.intercept(destination)
    }

    /// The header that a proxy wants to see on requests that it reads itself.
    pub(crate) fn authorization(&self, destination: &Uri) -> Option<HeaderValue> {
        if destination.scheme_str() != Some("http") {
            return None;
        }
        let mut header = self.of(destination)?.basic_auth()?.clone();
        header.set_sensitive(true);
        Some(header)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
        || host.eq_ignore_ascii_case("localhost")
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").finish_non_exhaustive()
    }
}

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Http,
    Socks,
}

impl Kind {
    /// None if not at all.
    pub(crate) fn of(proxy: &Uri) -> Option<Self> {
        match proxy.scheme_str()? {
            "http" => Some(Self::Http),
            "socks5" | "socks5h" => Some(Self::Socks),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["example.org", "localhost.example.org", "10.0.0.1", "[::2]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_and_not_shown() {
        for address in [
            "",
            "https://itsley:hunter20@proxy.example.org",
            "ftp://itsley:hunter20@proxy.example.org",
            "socks4://proxy.example.org",
            "http://",
            "pro xy",
        ] {
            let error = Proxy::all(address, "").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{address}");
            assert!(!format!("{error} {error:?}").contains("hunter20"));
        }
        for address in ["http://proxy.example.org:3128", "proxy:3128", "socks5h://p"] {
            // What is excepted has no say in it.
            assert!(Proxy::all(address, "*").is_ok(), "{address}");
        }
    }
}
