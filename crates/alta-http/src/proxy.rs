use std::{fmt, sync::Arc};

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// Which requests go through which HTTP proxy. `https` ones go through a tunnel (CONNECT), so that the proxy cannot read
/// them.
///
/// A user name and password in a proxy's address are sent to it (`Proxy-Authorization: Basic`); `Debug` shows neither. The
/// proxies themselves are spoken to without TLS; SOCKS is not supported.
#[derive(Clone)]
pub struct Proxy(Arc<Matcher>);

impl Proxy {
    /// What the environment says, as curl reads it: `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, and the same in
    /// lower case.
    pub fn from_env() -> Self {
        Self(Arc::new(Matcher::from_env()))
    }

    /// This proxy for everything (`http://user:password@proxy.example.org:3128`), except for what `no_proxy` lists:
    /// hosts, domains and networks with commas between them.
    pub fn all(address: &str, no_proxy: &str) -> Self {
        Self(Arc::new(
            Matcher::builder().all(address).no(no_proxy).build(),
        ))
    }

    /// The proxy for this destination, if it goes through one.
    pub(crate) fn of(&self, destination: &Uri) -> Option<Intercept> {
        self.0.intercept(destination)
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

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").finish_non_exhaustive()
    }
}
