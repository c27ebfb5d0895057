use crate::lookup::Resolver;
use crate::proxy::{Proxy, ProxyError, ProxyKind, ProxyServer};
use crate::race::race;
use crate::{socks, tunnel};
use std::io;
use std::net::IpAddr;
use std::time::Instant;
use tokio::net::TcpStream;

/// The target of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// A name, or an IP address with or without brackets.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// True if TLS follows. It selects the proxy of the environment.
    pub is_secure: bool,
}

/// A connection could not be opened. The message names the proxy, if one is involved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The environment names an invalid proxy.
    #[error(transparent)]
    Environment(ProxyError),
    /// The name could not be resolved.
    #[error("could not resolve {host}")]
    Resolve {
        /// The name.
        host: String,
        /// The error of the resolver.
        #[source]
        source: io::Error,
    },
    /// No address of the host accepts a connection.
    #[error("could not connect to {address}")]
    Connect {
        /// Host and port.
        address: String,
        /// The error of the first address that failed.
        #[source]
        source: io::Error,
    },
    /// The proxy could not be reached.
    #[error("the proxy {proxy} cannot be reached")]
    NoProxy {
        /// The proxy, without user and password.
        proxy: String,
        /// The cause.
        #[source]
        source: Box<ConnectError>,
    },
    /// The proxy did not connect to the target.
    #[error("the proxy {proxy} did not connect to {target}")]
    Refused {
        /// The proxy, without user and password.
        proxy: String,
        /// Host and port.
        target: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Opens TCP connections: resolves names, races addresses, uses proxies. Cheap to clone.
///
/// Another connection to the same host within five minutes begins with another address, if there is one, because a server can
/// accept connections and stay silent.
#[derive(Clone, Debug)]
pub struct Connector {
    resolver: Resolver,
    /// The proxies of the environment are used if this is none.
    proxy: Option<Proxy>,
}

impl Default for Connector {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Connector {
    /// A connector with these proxies, or those of the environment if none are given.
    pub fn new(proxy: Option<Proxy>) -> Self {
        Self {
            resolver: Resolver::system(),
            proxy,
        }
    }

    /// The same with another resolver than the system's.
    #[must_use]
    pub fn resolver(mut self, resolver: Resolver) -> Self {
        self.resolver = resolver;
        self
    }

    /// The same with other proxies than those of the environment.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// The proxy of connections to this target, if there is one.
    ///
    /// # Errors
    ///
    /// Fails if the environment names an invalid proxy.
    pub fn proxy_of(&self, target: Target<'_>) -> Result<Option<ProxyServer>, ProxyError> {
        let Target {
            host,
            port,
            is_secure,
        } = target;
        let server = |proxy: &Proxy| proxy.server(host, port, is_secure).cloned();
        match &self.proxy {
            Some(proxy) => Ok(server(proxy)),
            None => Proxy::from_env().map(|proxy| server(&proxy)),
        }
    }

    /// Connects to the target, through its proxy if there is one.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`]. The caller sets the timeout.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes its connection.
    pub async fn connect(&self, target: Target<'_>) -> Result<TcpStream, ConnectError> {
        let Some(proxy) = self.proxy_of(target).map_err(ConnectError::Environment)? else {
            return self.direct(target.host, target.port).await;
        };
        let mut tcp = self.connect_to_proxy(&proxy).await?;
        let host = bare(target.host);
        let address = host_and_port(host, target.port);
        let opened = match proxy.kind {
            ProxyKind::Http => tunnel::open(&mut tcp, &proxy, &address).await,
            ProxyKind::Socks => socks::open(&mut tcp, &proxy, host, target.port).await,
        };
        match opened {
            Ok(()) => Ok(tcp),
            Err(source) => Err(ConnectError::Refused {
                proxy: proxy.to_string(),
                target: address,
                source,
            }),
        }
    }

    /// Connects to a proxy itself, for requests that it forwards.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    pub async fn connect_to_proxy(&self, proxy: &ProxyServer) -> Result<TcpStream, ConnectError> {
        let connected = self.direct(&proxy.host, proxy.port).await;
        connected.map_err(|source| ConnectError::NoProxy {
            proxy: proxy.to_string(),
            source: Box::new(source),
        })
    }

    async fn direct(&self, host: &str, port: u16) -> Result<TcpStream, ConnectError> {
        let host = bare(host);
        let addresses = self.resolver.resolve(host).await;
        let mut addresses = addresses.map_err(|source| ConnectError::Resolve {
            host: host.to_owned(),
            source,
        })?;
        let has_several = addresses.len() > 1;
        if has_several {
            let recent = self.resolver.recent();
            recent.sort(host, port, &mut addresses, Instant::now());
        }
        let connected = race(addresses, port, TcpStream::connect).await;
        let tcp = connected.map_err(|source| ConnectError::Connect {
            address: host_and_port(host, port),
            source,
        })?;
        if has_several && let Ok(peer) = tcp.peer_addr() {
            let recent = self.resolver.recent();
            recent.opened(host, port, peer.ip(), Instant::now());
        }
        // Messages are small and latency matters; a connection without this option still works.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

fn host_and_port(host: &str, port: u16) -> String {
    match host.parse() {
        Ok(IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
        _ => format!("{host}:{port}"),
    }
}
