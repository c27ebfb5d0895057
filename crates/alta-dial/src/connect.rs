use crate::lookup::Resolver;
use crate::proxy::{Proxy, ProxyError, ProxyKind, ProxyServer};
use crate::race::race;
use crate::{socks, tunnel};
use std::io;
use std::net::IpAddr;
use std::time::Instant;
use tokio::net::TcpStream;

/// Where a connection is to lead.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// A name, or an IP address with or without brackets.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// Whether TLS follows. It decides which proxy the environment names.
    pub is_secure: bool,
}

/// Why there is no connection. A proxy that has to do with it is named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The environment names a proxy that cannot be used.
    #[error(transparent)]
    Environment(ProxyError),
    /// The name could not be looked up.
    #[error("{host} could not be looked up")]
    LookUp {
        /// The name.
        host: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No address of the host could be connected to.
    #[error("could not connect to {address}")]
    Connect {
        /// Host and port.
        address: String,
        /// What the system said of the best of its addresses.
        #[source]
        source: io::Error,
    },
    /// The proxy could not be reached.
    #[error("the proxy {proxy} cannot be reached")]
    NoProxy {
        /// The proxy, without user and password.
        proxy: String,
        /// Why.
        #[source]
        source: Box<ConnectError>,
    },
    /// The proxy did not connect.
    #[error("the proxy {proxy} did not connect to {target}")]
    Refused {
        /// The proxy, without user and password.
        proxy: String,
        /// Host and port.
        target: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Makes TCP connections: looks names up, races addresses, goes through proxies. Cheap to clone.
///
/// Who connects to the same host again within five minutes begins with another address, if there is one: the last may accept
/// connections and say nothing on them.
#[derive(Clone, Debug)]
pub struct Connector {
    resolver: Resolver,
    /// The environment's, if none is given.
    proxy: Option<Proxy>,
}

impl Default for Connector {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Connector {
    /// Through this proxy, or the environment's if none is given.
    pub fn new(proxy: Option<Proxy>) -> Self {
        Self {
            resolver: Resolver::system(),
            proxy,
        }
    }

    /// With names looked up by another way than the system's.
    #[must_use]
    pub fn resolver(mut self, resolver: Resolver) -> Self {
        self.resolver = resolver;
        self
    }

    /// With another proxy than the environment's.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// The proxy through which the way leads, if it does.
    ///
    /// # Errors
    ///
    /// If the environment names one that cannot be used.
    pub fn way(&self, target: Target<'_>) -> Result<Option<ProxyServer>, ProxyError> {
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

    /// Connects to the target, through a proxy where one is named.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`]. There is no time limit but the caller's.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops what was connected.
    pub async fn connect(&self, target: Target<'_>) -> Result<TcpStream, ConnectError> {
        let Some(proxy) = self.way(target).map_err(ConnectError::Environment)? else {
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

    /// Connects to a proxy itself, for requests that it reads.
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
        let mut addresses = addresses.map_err(|source| ConnectError::LookUp {
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
        // What is sent is small and waited for; a connection that refuses the option still works.
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
