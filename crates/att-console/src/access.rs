use alta_model::{Secret, escaped};
use alta_socket::shown;
use futures_core::future::BoxFuture;
use std::fmt;
use std::time::Duration;
use url::Url;

/// Where a console is, and the token that opens it.
#[derive(Clone)]
#[non_exhaustive]
pub struct ConsoleAccess {
    /// The websocket's address.
    pub url: Url,
    /// What is sent first.
    pub token: Secret,
    /// The file server of the same game server, for results that are files; none if it is not known.
    pub web_server: Option<Url>,
    /// Whether asking again may bring another token. Silence after a token that cannot change is final after a few
    /// attempts; after one that can, the console keeps trying.
    pub may_change: bool,
}

impl ConsoleAccess {
    /// Access with a token that will not change. White space, line ends and a byte-order mark around it are taken off; with a
    /// control character inside, or without any character, the console closes at once.
    pub fn new(url: Url, token: impl Into<Secret>) -> Self {
        Self {
            url,
            token: token.into(),
            web_server: None,
            may_change: false,
        }
    }

    /// Access to a self-hosted server (TavernLib) by a token that will not change. Its files are fetched from one port above
    /// the console's, if the address names a port; encrypted if the console is.
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

    /// Says that asking again may bring another token.
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
    // The console's token goes there: in the open only where it did so already.
    let scheme = if console.scheme() == "wss" {
        "https"
    } else {
        "http"
    };
    Url::parse(&format!("{scheme}://{host}:{port}/")).ok()
}

/// Host and port, for logs: an address may hold a password.
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
            .field("url", &shown(&self.url))
            .finish_non_exhaustive()
    }
}

/// Why there is no access to a console.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// Not now: the server is not running, or is being started. Asked again after `retry_after`, or after the back-off
    /// if there is none.
    #[error("not yet: {}", escaped(.message))]
    NotYet {
        /// What the one who was asked said.
        message: String,
        /// When to ask again.
        retry_after: Option<Duration>,
    },
    /// Not at all: no permission, a wrong id. The console closes for good.
    #[error("refused: {}", escaped(.0))]
    Refused(String),
    /// Asking failed. Tried again after the back-off, or after `retry_after`, which its cap bounds.
    #[error("failed: {}", escaped(.message))]
    Failed {
        /// What failed.
        message: String,
        /// Why.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
        /// The pause that whoever was asked asks for.
        retry_after: Option<Duration>,
    },
}

/// How a console is reached. It is asked at every attempt to connect, since addresses, ports and tokens change when a
/// server starts.
///
/// Ours: [`ConsoleAccess`] itself (a fixed address and token), [`TokenFile`](crate::TokenFile) for a self-hosted server on the
/// same machine, and the cloud in `alta-bot`.
pub trait Access: Send + Sync + 'static {
    /// Where the console is now.
    ///
    /// # Errors
    ///
    /// See [`AccessError`]: each of its kinds tells the console what to do.
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>>;

    /// How long [`access`](Self::access) may take. By default as long as dialling may:
    /// [`Config::connect_timeout`](crate::Config::connect_timeout).
    fn time_limit(&self) -> Option<Duration> {
        None
    }

    /// What errors and logs call the console if its [`Config`](crate::Config) does not say: where it is, if that is known
    /// beforehand.
    fn name(&self) -> Option<String> {
        None
    }

    /// Where the console is, if that is known beforehand: so that a server that is given twice is noticed.
    fn address(&self) -> Option<Url> {
        None
    }

    /// Resolves when asking again is worth it before the back-off is over: the token file has changed, say. Never, by
    /// default. Must be cancel safe.
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

    fn time_limit(&self) -> Option<Duration> {
        (**self).time_limit()
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
    fn a_self_hosted_servers_files_are_one_port_above_its_console() {
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
        assert_eq!(above("ws://town.example/"), None, "behind a proxy, say");
        assert_eq!(above("ws://town.example:65535/"), None);
    }
}
