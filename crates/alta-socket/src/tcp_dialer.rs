use crate::dial::{BoxIo, Dial, DialError, WithoutSecrets};
#[cfg(feature = "tls")]
use crate::tls::Tls;
use alta_dial::{Connector, Proxy, Resolver, Target};
use futures_core::future::BoxFuture;
use std::fmt;
use url::Url;

/// Connects over TCP, and for `wss` over TLS if it has a [`Tls`].
///
/// The addresses of a name are raced (RFC 8305). The proxies of the environment are used ([`Proxy::from_env`]), unless others are
/// given.
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

    /// Uses this proxy, or none ([`Proxy::none`]), independent of the environment.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.connector = self.connector.proxy(proxy);
        self
    }

    /// With another resolver than the system's.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Resolver) -> Self {
        self.connector = self.connector.resolver(resolver);
        self
    }

    async fn connect(&self, address: &Url) -> Result<BoxIo, DialError> {
        let wrong = |reason| DialError::Address {
            address: WithoutSecrets(address).to_string(),
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
        let way = self.connector.proxy_of(target(address)?).ok().flatten();
        way.map(|proxy| proxy.to_string())
    }
}

impl fmt::Debug for TcpDialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpDialer").finish_non_exhaustive()
    }
}
