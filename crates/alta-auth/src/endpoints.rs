use alta_http::without_credentials;
use std::fmt;
use url::Url;

/// The addresses of the account service. The default is Alta's cloud, which is switched off; simulators and private
/// re-implementations have their own addresses.
///
/// ```
/// use alta_auth::Endpoints;
///
/// let endpoints = Endpoints::new(
///     "http://127.0.0.1:8080/connect/token".parse()?,
///     "http://127.0.0.1:8080/api".parse()?,
/// );
/// assert_eq!(Endpoints::default().rest_url.as_str(), "https://webapi.townshiptale.com/api");
/// # Ok::<(), url::ParseError>(())
/// ```
///
/// A user name and a password in an address are sent as `Authorization: Basic` with requests that carry no token; `Debug` does
/// not show them.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Endpoints {
    /// The OAuth token endpoint, where bots log in.
    pub token_url: Url,
    /// The base of the REST API, where users log in.
    pub rest_url: Url,
}

impl Endpoints {
    /// Alta's token endpoint (py-tale README).
    pub const TOKEN_URL: &'static str = "https://accounts.townshiptale.com/connect/token";
    /// Alta's REST API (py-tale README).
    pub const REST_URL: &'static str = "https://webapi.townshiptale.com/api";

    /// The endpoints at these addresses.
    pub fn new(token_url: Url, rest_url: Url) -> Self {
        Self {
            token_url,
            rest_url,
        }
    }

    /// A path below the base of the REST API, which may end in a slash.
    pub(crate) fn rest(&self, path: &str) -> String {
        let mut url = self.rest_url.clone();
        url.set_query(None);
        url.set_fragment(None);
        format!("{}/{path}", url.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints")
            .field("token_url", &without_credentials(&self.token_url).as_str())
            .field("rest_url", &without_credentials(&self.rest_url).as_str())
            .finish()
    }
}

impl Default for Endpoints {
    #[allow(clippy::expect_used, reason = "two constants, which a test parses")]
    fn default() -> Self {
        Self {
            token_url: Self::TOKEN_URL.parse().expect("a constant address"),
            rest_url: Self::REST_URL.parse().expect("a constant address"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_kept_and_not_shown() {
        let url: Url = "http://itsley:hunter20@localhost:1/api".parse().unwrap();
        let endpoints = Endpoints::new(url.clone(), url);
        assert_eq!(
            endpoints.rest("sessions"),
            "http://itsley:hunter20@localhost:1/api/sessions"
        );
        let shown = format!("{endpoints:?}");
        assert!(shown.contains("localhost:1"), "{shown}");
        assert!(!shown.contains("itsley") && !shown.contains("hunter20"));
    }

    #[test]
    fn paths_are_put_below_the_base_with_or_without_a_slash_at_its_end() {
        let mut endpoints = Endpoints::default();
        for base in ["http://localhost:1/api", "http://localhost:1/api/"] {
            endpoints.rest_url = base.parse().unwrap();
            assert_eq!(
                endpoints.rest("sessions"),
                "http://localhost:1/api/sessions"
            );
        }
    }
}
