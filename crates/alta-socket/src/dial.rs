use alta_dial::{ConnectError, ProxyError};
use alta_model::escaped;
use futures_core::future::BoxFuture;
use std::time::Duration;
use std::{fmt, io};
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

/// A byte stream that a websocket can run over.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A type-erased connection: TCP, TLS, a proxy's tunnel, an in-memory stream.
pub type BoxIo = Box<dyn Io>;

/// Connects to an address. Implement it to bind an interface, to use a tunnel of your own or an in-memory stream; [`TcpDialer`](crate::TcpDialer)
/// is the default.
pub trait Dial: Send + Sync + 'static {
    /// Connects to the host and port of `address`, whose scheme is `ws` or `wss`. For `wss` the returned stream is a TLS stream.
    ///
    /// # Errors
    ///
    /// Any [`DialError`]. For a console [`DialError::Address`] is final; all others are tried again.
    fn dial<'a>(&'a self, address: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>>;

    /// The proxy for `address`, for errors that do not name it. None by default.
    fn proxy(&self, _address: &Url) -> Option<String> {
        None
    }
}

/// The error of opening a websocket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The address is not that of a websocket, or needs TLS, which this dialer does not have.
    #[error("{} cannot be dialed: {reason}", escaped(.address))]
    Address {
        /// The address as given.
        address: String,
        /// The problem.
        reason: &'static str,
    },
    /// The connection failed.
    #[error("could not connect to {}", escaped(.address))]
    Connect {
        /// The address that was dialed.
        address: String,
        /// The operating system's error.
        #[source]
        source: io::Error,
    },
    /// The proxy cannot be reached, or did not connect.
    #[error(transparent)]
    Proxy(ConnectError),
    /// The environment names a proxy that cannot be used. For a console it is final, as [`Self::Address`] is.
    #[error(transparent)]
    Environment(ProxyError),
    /// The TLS handshake failed: a certificate that is not trusted, expired, or for another host.
    #[error("the TLS handshake with {} failed", escaped(.host))]
    Tls {
        /// The host that was dialed.
        host: String,
        /// The error of rustls.
        #[source]
        source: io::Error,
    },
    /// The server replied to the websocket handshake with another status than 101.
    #[error("the server refused the websocket with HTTP status {status}{}", asking_for(*.retry_after))]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The delay that the server requests (`Retry-After`), if it does.
        retry_after: Option<Duration>,
    },
    /// The server does not speak the websocket protocol.
    #[error("the websocket handshake failed: {}", escaped(.reason))]
    Handshake {
        /// The problem.
        reason: String,
    },
    /// Connecting timed out.
    #[error("no connection within {after:?}{}", through(.proxy.as_deref()))]
    TimedOut {
        /// The timeout.
        after: Duration,
        /// The proxy in use, without user and password.
        proxy: Option<String>,
    },
}

fn asking_for(pause: Option<Duration>) -> String {
    pause.map_or(String::new(), |pause| {
        format!(" and asks for a pause of {pause:?}")
    })
}

fn through(proxy: Option<&str>) -> String {
    proxy.map_or(String::new(), |proxy| format!(" through the proxy {proxy}"))
}

impl DialError {
    /// The HTTP status with which the server refused the upgrade.
    pub fn status(&self) -> Option<u16> {
        match self {
            DialError::Rejected { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The delay that the server requested when it refused the upgrade.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            DialError::Rejected { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl From<ConnectError> for DialError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Environment(error) => DialError::Environment(error),
            ConnectError::Connect { address, source } => DialError::Connect { address, source },
            ConnectError::Resolve { host, source } => DialError::Connect {
                address: host,
                source,
            },
            of_proxy => DialError::Proxy(of_proxy),
        }
    }
}

/// An address for logs and errors: without user, password and query, which may be secrets. `Debug` writes it in quotes.
pub struct WithoutSecrets<'a>(pub &'a Url);

impl fmt::Display for WithoutSecrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(address) = self;
        let host = address.host_str().unwrap_or_default();
        write!(f, "{}://{host}", address.scheme())?;
        if let Some(port) = address.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(address.path())
    }
}

impl fmt::Debug for WithoutSecrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}
