use url::Url;

/// Where the cloud is: Alta's own, which is switched off, unless told otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// Where a bot's credentials are changed for a token.
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
