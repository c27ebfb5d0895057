use alta_socket::WithoutSecrets;
use std::fmt;
use url::Url;

/// The addresses of the service. By default those of Alta's cloud, which is switched off.
///
/// `Debug` hides a user name, a password and a query in an address.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// The login of bots.
    pub token_url: Url,
    /// The base of the REST API.
    pub rest_url: Url,
    /// The main websocket.
    pub socket_url: Url,
}

impl Endpoints {
    /// These addresses.
    pub fn new(token_url: Url, rest_url: Url, socket_url: Url) -> Self {
        Self {
            token_url,
            rest_url,
            socket_url,
        }
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        let auth = alta_auth::Endpoints::default();
        Self::new(
            auth.token_url,
            auth.rest_url,
            alta_ws::Config::default().url,
        )
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints")
            .field("token_url", &WithoutSecrets(&self.token_url))
            .field("rest_url", &WithoutSecrets(&self.rest_url))
            .field("socket_url", &WithoutSecrets(&self.socket_url))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_a_password_in_an_address() {
        let address = |scheme: &str| {
            let url = format!("{scheme}://itsley:hunter20@localhost:1/api?key=hunter20");
            url.parse().unwrap()
        };
        let endpoints = Endpoints::new(address("https"), address("https"), address("wss"));
        let builder = crate::Bot::builder().endpoints(endpoints.clone());
        let shown = format!("{endpoints:?} {builder:?}");
        assert!(shown.contains("wss://localhost:1/api"), "{shown}");
        assert!(!shown.contains("itsley") && !shown.contains("hunter20"));
    }
}
