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
    client::legacy::connect::{Connected, Connection, HttpConnector},
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use tower_service::Service;

use crate::{BoxError, Config};

/// Opens TCP connections, through a proxy if one is named.
#[derive(Clone)]
pub(crate) struct Dialer {
    tcp: HttpConnector,
    #[cfg(feature = "proxy")]
    proxy: Option<crate::Proxy>,
}

impl Dialer {
    #[cfg_attr(
        not(feature = "proxy"),
        allow(unused_variables, reason = "only a proxy is configured")
    )]
    pub(crate) fn new(config: &Config) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self {
            tcp,
            #[cfg(feature = "proxy")]
            proxy: config.proxy.clone(),
        }
    }

    #[cfg(feature = "proxy")]
    async fn dial(self, uri: Uri) -> Result<Io, BoxError> {
        use hyper_util::client::legacy::connect::proxy::Tunnel;

        let Some(proxy) = self.proxy.as_ref().and_then(|proxy| proxy.of(&uri)) else {
            return self.direct(uri).await;
        };
        let address = proxy.uri().clone();
        if address.scheme_str() != Some("http") {
            let problem = "only proxies at http:// addresses are supported";
            return Err(io::Error::new(io::ErrorKind::Unsupported, problem).into());
        }
        if uri.scheme_str() == Some("https") {
            let mut tunnel = Tunnel::new(address, self.tcp);
            if let Some(authorization) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(authorization.clone());
            }
            let tcp = tunnel.oneshot(uri).await?;
            Ok(Io {
                tcp,
                to_proxy: false,
            })
        } else {
            let io = self.direct(address).await?;
            Ok(Io {
                to_proxy: true,
                ..io
            })
        }
    }

    #[cfg(not(feature = "proxy"))]
    async fn dial(self, uri: Uri) -> Result<Io, BoxError> {
        self.direct(uri).await
    }

    async fn direct(self, uri: Uri) -> Result<Io, BoxError> {
        let tcp = self.tcp.oneshot(uri).await?;
        Ok(Io {
            tcp,
            to_proxy: false,
        })
    }
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
