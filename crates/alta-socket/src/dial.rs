#[cfg(feature = "tls")]
use crate::tls::Tls;
use alta_dial::{ConnectError, Connector, Proxy, ProxyError, Resolver, Target};
use alta_model::escaped;
use futures_core::future::BoxFuture;
use std::fmt;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

/// What a websocket can run over.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection whose kind no longer matters: TCP, TLS, a proxy's tunnel, an in-memory stream.
pub type BoxIo = Box<dyn Io>;

/// How a connection to an address is made. Implement it to go through a proxy, to bind an interface, or to stay in
/// memory; [`TcpDialer`] is the default.
pub trait Dial: Send + Sync + 'static {
    /// Connects to the host and port of `address`, whose scheme is `ws` or `wss`. For `wss` what is returned has
    /// been through TLS already.
    ///
    /// # Errors
    ///
    /// Any [`DialError`]. A console takes [`DialError::Address`] for final; everything else is tried again by the
    /// connections that dial.
    fn dial<'a>(&'a self, address: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>>;

    /// The proxy that there is on the way to `address`, for errors that would not name it. None by default.
    fn proxy(&self, _address: &Url) -> Option<String> {
        None
    }
}

/// Why a websocket could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The address is not one of a websocket, or needs TLS that this dialer was not given.
    #[error("{} cannot be dialled: {reason}", escaped(.address))]
    Address {
        /// The address as given.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No connection came about.
    #[error("could not connect to {}", escaped(.address))]
    Connect {
        /// The address that was dialled.
        address: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A proxy cannot be reached, or did not connect.
    #[error(transparent)]
    Proxy(ConnectError),
    /// The environment names a proxy that cannot be used. A console takes it for final, as it does [`Self::Address`].
    #[error(transparent)]
    Environment(ProxyError),
    /// The TLS handshake failed: a certificate that is not trusted, expired, or for another host.
    #[error("the TLS handshake with {} failed", escaped(.host))]
    Tls {
        /// The host that was dialled.
        host: String,
        /// What rustls said.
        #[source]
        source: io::Error,
    },
    /// The server answered the websocket handshake with another status than 101.
    #[error("the server refused the websocket with HTTP status {status}{}", asking_for(*.retry_after))]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The pause that the server asks for (`Retry-After`), if it does.
        retry_after: Option<Duration>,
    },
    /// The other side does not speak the websocket protocol.
    #[error("the websocket handshake failed: {}", escaped(.reason))]
    Handshake {
        /// What was wrong.
        reason: String,
    },
    /// Connecting took longer than allowed.
    #[error("no connection within {after:?}{}", through(.proxy.as_deref()))]
    TimedOut {
        /// The time allowed.
        after: Duration,
        /// The proxy that there is on the way, without user and password.
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

    /// The pause that the server asked for when it refused the upgrade.
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
            ConnectError::LookUp { host, source } => DialError::Connect {
                address: host,
                source,
            },
            of_proxy => DialError::Proxy(of_proxy),
        }
    }
}

/// An address as it may be shown: without the password or the query, which may be secrets.
pub fn shown(address: &Url) -> String {
    let host = address.host_str().unwrap_or_default();
    let port = address
        .port()
        .map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{host}{port}{}", address.scheme(), address.path())
}

/// Dials by TCP, and by TLS for `wss` if it was given [`Tls`].
///
/// The addresses of a name are raced (RFC 8305). The way leads through the proxies that the environment names
/// ([`Proxy::from_env`]), unless another one is given.
#[derive(Clone, Default)]
pub struct TcpDialer {
    connector: Connector,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl TcpDialer {
    /// A dialer for `ws` addresses only.
    pub fn plain() -> Self {
        Self::default()
    }

    /// A dialer for `ws` and `wss` addresses.
    #[cfg(feature = "tls")]
    pub fn with_tls(tls: Tls) -> Self {
        Self {
            tls: Some(tls),
            ..Self::default()
        }
    }

    /// With this proxy, or none ([`Proxy::none`]), whatever the environment says.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.connector = self.connector.proxy(proxy);
        self
    }

    /// With names looked up by another way than the system's.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Resolver) -> Self {
        self.connector = self.connector.resolver(resolver);
        self
    }

    async fn connect(&self, address: &Url) -> Result<BoxIo, DialError> {
        let wrong = |reason| DialError::Address {
            address: shown(address),
            reason,
        };
        if !matches!(address.scheme(), "ws" | "wss") {
            return Err(wrong("its scheme is neither ws nor wss"));
        }
        let is_secure = address.scheme() == "wss";
        #[cfg(feature = "tls")]
        let lacks_tls = is_secure && self.tls.is_none();
        #[cfg(not(feature = "tls"))]
        let lacks_tls = is_secure;
        if lacks_tls {
            return Err(wrong("it needs TLS, which this dialer was not given"));
        }
        let target = target(address).ok_or_else(|| wrong("it names no host or no port"))?;
        let tcp = self.connector.connect(target).await?;
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls.as_ref().filter(|_| is_secure)
            && let Some(host) = address.host()
        {
            return tls.handshake(host, tcp).await;
        }
        Ok(Box::new(tcp))
    }
}

fn target(address: &Url) -> Option<Target<'_>> {
    Some(Target {
        host: address.host_str().filter(|host| !host.is_empty())?,
        port: address.port_or_known_default()?,
        is_secure: address.scheme() == "wss",
    })
}

impl Dial for TcpDialer {
    fn dial<'a>(&'a self, address: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        Box::pin(self.connect(address))
    }

    fn proxy(&self, address: &Url) -> Option<String> {
        let way = self.connector.way(target(address)?).ok().flatten();
        way.map(|proxy| proxy.to_string())
    }
}

impl fmt::Debug for TcpDialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpDialer").finish_non_exhaustive()
    }
}
