pub(crate) mod address;
pub(crate) mod normalize;
pub(crate) mod small_file;
pub(crate) mod token_file;

use alta_model::{Secret, escaped};
use alta_socket::WithoutSecrets;
use futures_core::future::BoxFuture;
use std::fmt;
use std::time::Duration;
use url::Url;

/// The address of a console and the token that opens it.
#[derive(Clone)]
#[non_exhaustive]
pub struct ConsoleAccess {
    /// The address of the websocket.
    pub url: Url,
    /// The token, which is sent as the first frame.
    pub token: Secret,
    /// The file server of the same game server, for results that are files; `None` if it is unknown.
    pub web_server: Option<Url>,
    /// `true` if the token can change. If the server does not reply to the token, the console closes after a few attempts; with
    /// a token that can change, it keeps trying.
    pub may_change: bool,
}

impl ConsoleAccess {
    /// Access with a fixed token. White space, line ends and a byte-order mark around the token are removed. If it is empty or
    /// contains a control character, the console closes at once.
    pub fn new(url: Url, token: impl Into<Secret>) -> Self {
        Self {
            url,
            token: token.into(),
            web_server: None,
            may_change: false,
        }
    }

    /// Access to a self-hosted server (TavernLib) with a fixed token. Files are fetched from the port above the console's if the
    /// address names a port, with TLS if the console uses it.
    ///
    /// ```
    /// use att_console::ConsoleAccess;
    ///
    /// let access = ConsoleAccess::self_hosted("ws://10.0.0.5:1760".parse()?, "eyJ…".to_owned());
    /// assert_eq!(access.web_server.unwrap().as_str(), "http://10.0.0.5:1761/");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn self_hosted(url: Url, token: impl Into<Secret>) -> Self {
        let web_server = file_server_of(&url);
        Self {
            web_server,
            ..Self::new(url, token)
        }
    }

    /// With the address of the game server's file server.
    #[must_use]
    pub fn web_server(mut self, url: Url) -> Self {
        self.web_server = Some(url);
        self
    }

    /// Marks the token as one that can change.
    #[must_use]
    pub fn may_change(mut self) -> Self {
        self.may_change = true;
        self
    }
}

/// The file server of a self-hosted server is one port above its console.
fn file_server_of(console: &Url) -> Option<Url> {
    let host = console.host_str()?;
    let port = console.port()?.checked_add(1)?;
    // The console's token is sent there: without TLS only if the console uses none.
    let scheme = if console.scheme() == "wss" {
        "https"
    } else {
        "http"
    };
    Url::parse(&format!("{scheme}://{host}:{port}/")).ok()
}

/// Host and port, for logs: an address can contain a password.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

impl fmt::Debug for ConsoleAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleAccess")
            .field("url", &WithoutSecrets(&self.url))
            .finish_non_exhaustive()
    }
}

/// The error of getting access to a console.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The server is not running yet. Access is requested again after `retry_after`, or else after the backoff.
    #[error("not yet: {}", escaped(.message))]
    NotYet {
        /// The message of the service.
        message: String,
        /// The delay before the next request.
        retry_after: Option<Duration>,
    },
    /// Access is refused: no permission, a wrong id. The console closes.
    #[error("refused: {}", escaped(.0))]
    Refused(String),
    /// The request failed. It is repeated after the backoff, or after `retry_after`, up to the cap of the backoff.
    #[error("failed: {}", escaped(.message))]
    Failed {
        /// The failed operation.
        message: String,
        /// The error.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
        /// The delay that the service requested.
        retry_after: Option<Duration>,
    },
}

/// A source of [`ConsoleAccess`]. The console calls it before every attempt to connect, because the address, the port and the
/// token can change when a server starts.
///
/// Implemented by [`ConsoleAccess`] itself (a fixed address and token), by [`TokenFile`](crate::TokenFile) for a self-hosted server
/// on the same machine, and in `alta-bot` for the cloud.
pub trait Access: Send + Sync + 'static {
    /// Returns the present access.
    ///
    /// # Errors
    ///
    /// See [`AccessError`]: its kind decides what the console does next.
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>>;

    /// The timeout of [`access`](Self::access). By default
    /// [`Config::connect_timeout`](crate::Config::connect_timeout).
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// The name of the console in errors and logs if its [`Config`](crate::Config) has none, for example its address.
    fn name(&self) -> Option<String> {
        None
    }

    /// The address, if it is known before access is requested. The kit uses it to find a server that is opened twice.
    fn address(&self) -> Option<Url> {
        None
    }

    /// Waits until the access has changed, for example until the token file has new content; the console then connects without
    /// the rest of the backoff. By default, it never resolves. It must be cancel safe.
    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

impl Access for ConsoleAccess {
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }

    fn name(&self) -> Option<String> {
        Some(host_of(&self.url)).filter(|host| !host.is_empty())
    }

    fn address(&self) -> Option<Url> {
        Some(self.url.clone())
    }
}

impl<A: Access + ?Sized> Access for std::sync::Arc<A> {
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
        (**self).access()
    }

    fn timeout(&self) -> Option<Duration> {
        (**self).timeout()
    }

    fn name(&self) -> Option<String> {
        (**self).name()
    }

    fn address(&self) -> Option<Url> {
        (**self).address()
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        (**self).changed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_server_of_a_self_hosted_server_is_one_port_above_its_console() {
        let above = |url: &str| file_server_of(&url.parse().unwrap()).map(String::from);
        assert_eq!(
            above("ws://10.0.0.5:1760"),
            Some("http://10.0.0.5:1761/".to_owned())
        );
        assert_eq!(
            above("ws://[::1]:1760/"),
            Some("http://[::1]:1761/".to_owned())
        );
        assert_eq!(
            above("wss://town.example:1760/"),
            Some("https://town.example:1761/".to_owned())
        );
        assert_eq!(
            above("ws://town.example/"),
            None,
            "for example behind a proxy"
        );
        assert_eq!(above("ws://town.example:65535/"), None);
    }
}
