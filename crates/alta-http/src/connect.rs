use crate::{BoxError, Config, Proxy};
use alta_dial::{Connector, ProxyKind, ProxyServer, Target};
use futures_core::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;

/// Opens TCP connections, through a proxy if one is configured.
#[derive(Clone)]
pub(crate) struct Dialer {
    connector: Connector,
    /// False if there is certainly no proxy: then no address has to be taken apart.
    has_proxy: bool,
}

impl Dialer {
    pub(crate) fn new(config: &Config) -> Self {
        // If the environment names an invalid proxy, each connection fails with that error.
        let proxy = config.proxy.clone().or_else(|| Proxy::from_env().ok());
        let has_proxy = proxy.as_ref().is_none_or(|proxy| !proxy.is_none());
        let connector = Connector::new(proxy);
        Self {
            has_proxy,
            connector: match &config.resolver {
                Some(resolver) => connector.resolver(resolver.clone()),
                None => connector,
            },
        }
    }

    /// The proxy that forwards plain requests to this address, if there is one.
    pub(crate) fn forwarder(&self, uri: &Uri) -> Option<ProxyServer> {
        if !self.has_proxy {
            return None;
        }
        let target = target(uri)?;
        let proxy = self.connector.proxy_of(target).ok().flatten();
        proxy.filter(|proxy| !target.is_secure && proxy.kind() == ProxyKind::Http)
    }

    /// The proxy of connections to this address, for errors.
    fn proxy(&self, uri: &Uri) -> Option<ProxyServer> {
        self.connector.proxy_of(target(uri)?).ok().flatten()
    }

    async fn dial(self, uri: Uri) -> Result<Io, BoxError> {
        let no_host = || io::Error::new(io::ErrorKind::InvalidInput, "the address names no host");
        let forwarder = self.forwarder(&uri);
        let tcp = if let Some(proxy) = &forwarder {
            self.connector.connect_to_proxy(proxy).await?
        } else {
            let target = target(&uri).ok_or_else(no_host)?;
            self.connector.connect(target).await?
        };
        Ok(Io {
            tcp: TokioIo::new(tcp),
            to_proxy: forwarder.is_some(),
        })
    }
}

fn target(uri: &Uri) -> Option<Target<'_>> {
    let is_secure = uri.scheme_str() == Some("https");
    Some(Target {
        host: uri.host()?,
        port: uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 }),
        is_secure,
    })
}

impl Service<Uri> for Dialer {
    type Response = Io;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Io, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}

/// A TCP connection.
pub(crate) struct Io {
    tcp: TokioIo<TcpStream>,
    /// True if a proxy forwards the requests; these then contain the whole address.
    to_proxy: bool,
}

impl Connection for Io {
    fn connected(&self) -> Connected {
        // Without the addresses, which each response would contain.
        Connected::new().proxy(self.to_proxy)
    }
}

impl Read for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buffer)
    }
}

impl Write for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(cx, parts)
    }
}

/// Limits the time of connecting: name, TCP and TLS together.
#[derive(Clone)]
pub(crate) struct ConnectTimeout<C> {
    connector: C,
    dialer: Dialer,
    after: Duration,
}

impl<C> ConnectTimeout<C> {
    /// The dialer is part of the connector; errors name its proxy.
    pub(crate) fn new(connector: C, dialer: Dialer, after: Duration) -> Self {
        Self {
            connector,
            dialer,
            after,
        }
    }
}

impl<C> Service<Uri> for ConnectTimeout<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
    C::Response: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<C::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (dialer, after) = (self.dialer.clone(), self.after);
        let connecting = self.connector.call(uri.clone());
        Box::pin(async move {
            tokio::time::timeout(after, connecting)
                .await
                .unwrap_or_else(|_| {
                    let waited = match dialer.proxy(&uri) {
                        Some(proxy) => {
                            format!("no connection within {after:?} through the proxy {proxy}")
                        }
                        None => format!("no connection within {after:?}"),
                    };
                    Err(io::Error::new(io::ErrorKind::TimedOut, waited).into())
                })
        })
    }
}
