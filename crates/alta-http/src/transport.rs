use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use alta_dial::ProxyServer;
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use tower_service::Service;

#[cfg(feature = "gzip")]
use crate::gzip::{self, Unpacked};
use crate::{
    BoxError, Config, Error, ErrorKind, NotSent, Tls,
    connect::{ConnectTimeout, Dialer},
};

/// How many idle connections to one host are kept: as many as requests are under way by default.
const MAX_IDLE_PER_HOST: usize = 5;

/// How long an idle connection is kept. Gateways close theirs after a minute; ours goes first, so that a request
/// seldom meets a connection that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);

/// While requests wait on an HTTP/2 connection, it is pinged that often and given up when no answer comes in that time:
/// together less than an attempt, so that the next attempt does not meet the same dead connection.
const HTTP2_PING: Duration = Duration::from_secs(3);
const HTTP2_PONG: Duration = Duration::from_secs(4);

/// The default transport: a pool of HTTP/1.1 and HTTP/2 connections, by hyper, over TCP and rustls.
///
/// It follows no redirects and sends to `http` addresses as well, which simulators have. Cheap to clone; the clones share
/// the pool. Needs a tokio runtime when it sends. Usually wrapped in
/// [`HttpClient::web_roots`](crate::HttpClient::web_roots).
#[derive(Clone)]
pub struct Transport {
    client: Hyper,
    #[cfg(feature = "gzip")]
    gzip: bool,
    dialer: Dialer,
}

type Hyper = Client<ConnectTimeout<HttpsConnector<Dialer>>, Full<Bytes>>;

impl Transport {
    /// Connects by this TLS configuration. Of the other one, only what it says of connecting, compression and proxies
    /// matters.
    pub fn new(tls: &Tls, config: &Config) -> Self {
        let dialer = Dialer::new(config);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.client_config())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(dialer.clone());
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http2_keep_alive_interval(HTTP2_PING)
            .http2_keep_alive_timeout(HTTP2_PONG)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .build(ConnectTimeout::new(
                connector,
                dialer.clone(),
                config.connect_timeout,
            ));
        Self {
            client,
            #[cfg(feature = "gzip")]
            gzip: config.gzip,
            dialer,
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

impl Service<Request<Bytes>> for Transport {
    type Response = Response<TransportBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<TransportBody>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let uri = request.uri();
        if uri.host().is_none() || !matches!(uri.scheme_str(), Some("http" | "https")) {
            let problem = "an address begins with http:// or https:// and names a host";
            let error = Error::from(ErrorKind::InvalidInput).caused_by(problem);
            return Box::pin(std::future::ready(Err(error.into())));
        }
        #[cfg_attr(
            not(feature = "gzip"),
            expect(unused_mut, reason = "it asks for nothing")
        )]
        let mut request = authorized(request.map(Full::new), &self.dialer);
        #[cfg(feature = "gzip")]
        let may_unpack = self.gzip && gzip::ask(request.headers_mut());
        let exchange = self.client.request(request);
        Box::pin(async move {
            #[cfg_attr(not(feature = "gzip"), expect(unused_mut, reason = "it is as it came"))]
            let mut response = exchange.await.map_err(sort)?;
            #[cfg(feature = "gzip")]
            if may_unpack && gzip::is_compressed(&mut response) {
                let unpacked = |body| TransportBody(Inner::Gzip(Box::new(Unpacked::new(body))));
                return Ok(response.map(unpacked));
            }
            Ok(response.map(|body| TransportBody(Inner::Plain(body))))
        })
    }
}

/// Says of a request that met no connection that it was not sent.
fn sort(error: hyper_util::client::legacy::Error) -> BoxError {
    if error.is_connect() {
        NotSent::new(error).into()
    } else {
        error.into()
    }
}

/// With the header for a proxy that reads the request itself.
fn authorized<B>(mut request: Request<B>, dialer: &Dialer) -> Request<B> {
    let proxy = dialer.forwarder(request.uri());
    if let Some(header) = proxy.as_ref().and_then(ProxyServer::authorization) {
        request
            .headers_mut()
            .insert(http::header::PROXY_AUTHORIZATION, header.clone());
    }
    request
}

/// The body of an answer of [`Transport`], as it comes in.
#[derive(Debug)]
pub struct TransportBody(Inner);

enum Inner {
    Plain(Incoming),
    #[cfg(feature = "gzip")]
    Gzip(Box<Unpacked<Incoming>>),
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Body for TransportBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Inner::Plain(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            #[cfg(feature = "gzip")]
            Inner::Gzip(body) => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Plain(body) => body.is_end_stream(),
            #[cfg(feature = "gzip")]
            Inner::Gzip(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Plain(body) => body.size_hint(),
            // Nobody knows how much comes out.
            #[cfg(feature = "gzip")]
            Inner::Gzip(_) => SizeHint::default(),
        }
    }
}
