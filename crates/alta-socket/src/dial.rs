#[cfg(feature = "tls")]
use crate::tls::Tls;
use alta_model::escaped;
use futures_core::future::BoxFuture;
use std::fmt;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::{Host, Url};

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
    #[error("the server refused the websocket with HTTP status {status}")]
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// The other side does not speak the websocket protocol.
    #[error("the websocket handshake failed: {}", escaped(.reason))]
    Handshake {
        /// What was wrong.
        reason: String,
    },
    /// Connecting took longer than allowed.
    #[error("no connection within {0:?}")]
    TimedOut(Duration),
}

impl DialError {
    /// The HTTP status with which the server refused the upgrade.
    pub fn status(&self) -> Option<u16> {
        match self {
            DialError::Rejected { status } => Some(*status),
            _ => None,
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
#[derive(Clone, Default)]
pub struct TcpDialer {
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
        Self { tls: Some(tls) }
    }

    async fn connect(&self, address: &Url) -> Result<BoxIo, DialError> {
        let wrong = |reason| DialError::Address {
            address: shown(address),
            reason,
        };
        let secure = match address.scheme() {
            "ws" => false,
            "wss" => true,
            _ => return Err(wrong("its scheme is neither ws nor wss")),
        };
        #[cfg(feature = "tls")]
        let lacks_tls = secure && self.tls.is_none();
        #[cfg(not(feature = "tls"))]
        let lacks_tls = secure;
        if lacks_tls {
            return Err(wrong("it needs TLS, which this dialer was not given"));
        }
        let host = address.host().ok_or_else(|| wrong("it names no host"))?;
        let port = address
            .port_or_known_default()
            .ok_or_else(|| wrong("it names no port"))?;
        let tcp = match host {
            Host::Domain(name) => TcpStream::connect((name, port)).await,
            Host::Ipv4(ip) => TcpStream::connect((ip, port)).await,
            Host::Ipv6(ip) => TcpStream::connect((ip, port)).await,
        }
        .map_err(|source| DialError::Connect {
            address: format!("{host}:{port}"),
            source,
        })?;
        // Commands are small and waited for; a socket that refuses the option still works.
        let _ = tcp.set_nodelay(true);
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls.as_ref().filter(|_| secure) {
            return tls.handshake(host, tcp).await;
        }
        Ok(Box::new(tcp))
    }
}

impl Dial for TcpDialer {
    fn dial<'a>(&'a self, address: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        Box::pin(self.connect(address))
    }
}

impl fmt::Debug for TcpDialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpDialer").finish_non_exhaustive()
    }
}
