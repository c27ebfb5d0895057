use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{
        Connected, Connection, HttpConnector,
        proxy::{SocksV5, Tunnel},
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use tower_service::Service;

use crate::{BoxError, Config, Proxy, proxy::Kind};

/// Opens TCP connections, through a proxy if one is named.
#[derive(Clone)]
pub(crate) struct Dialer {
    tcp: HttpConnector,
    proxy: Option<Proxy>,
}

/// Where SOCKS proxies listen unless their address says otherwise.
const SOCKS_PORT: u16 = 1080;

impl Dialer {
    pub(crate) fn new(config: &Config) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self {
            tcp,
            proxy: config.proxy.clone(),
        }
    }

    async fn dial(self, uri: Uri) -> Result<Io, BoxError> {
        let Some(proxy) = self.proxy.as_ref().and_then(|proxy| proxy.of(&uri)) else {
            return self.direct(uri).await;
        };
        let address = proxy.uri().clone();
        match Kind::of(&address) {
            Some(Kind::Http) if uri.scheme_str() == Some("https") => {
                let mut tunnel = Tunnel::new(address, self.tcp);
                if let Some(authorization) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                Ok(Io::new(tunnel.oneshot(uri).await?))
            }
            Some(Kind::Http) => {
                let io = self.direct(address).await?;
                Ok(Io {
                    to_proxy: true,
                    ..io
                })
            }
            Some(Kind::Socks) => {
                let mut socks = SocksV5::new(with_port(address, SOCKS_PORT)?, self.tcp);
                if let Some((user, password)) = proxy.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                let port = if uri.scheme_str() == Some("https") {
                    443
                } else {
                    80
                };
                Ok(Io::new(socks.oneshot(with_port(uri, port)?).await?))
            }
            None => {
                let problem = "only proxies at http:// and socks5:// addresses can be used";
                Err(io::Error::new(io::ErrorKind::Unsupported, problem).into())
            }
        }
    }

    async fn direct(self, uri: Uri) -> Result<Io, BoxError> {
        Ok(Io::new(self.tcp.oneshot(uri).await?))
    }
}

/// The same address with this port, unless it names one.
fn with_port(uri: Uri, port: u16) -> Result<Uri, BoxError> {
    if uri.port().is_some() {
        return Ok(uri);
    }
    let mut parts = uri.into_parts();
    if let Some(host) = &parts.authority {
        parts.authority = Some(format!("{host}:{port}").parse()?);
    }
    Ok(Uri::from_parts(parts)?)
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
    /// Whether a proxy reads the requests; these then name the whole address.
    to_proxy: bool,
}

impl Io {
    fn new(tcp: TokioIo<TcpStream>) -> Self {
        Self {
            tcp,
            to_proxy: false,
        }
    }
}

impl Connection for Io {
    fn connected(&self) -> Connected {
        self.tcp.connected().proxy(self.to_proxy)
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

/// Gives a connector limited time: for the name, TCP and TLS together.
#[derive(Clone, Debug)]
pub(crate) struct ConnectTimeout<C> {
    connector: C,
    after: Duration,
}

impl<C> ConnectTimeout<C> {
    pub(crate) fn new(connector: C, after: Duration) -> Self {
        Self { connector, after }
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
        let (connecting, after) = (self.connector.call(uri), self.after);
        Box::pin(async move {
            tokio::time::timeout(after, connecting)
                .await
                .unwrap_or_else(|_| {
                    let waited = format!("no connection within {after:?}");
                    Err(io::Error::new(io::ErrorKind::TimedOut, waited).into())
                })
        })
    }
}
