use crate::connect::{ConnectTimeout, Dialer};
#[cfg(feature = "gzip")]
use crate::gzip::{self, Decompressed};
use crate::{BoxError, Config, Error, ErrorKind, NotSent, Tls};
use alta_dial::ProxyServer;
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// The maximum number of idle connections to one host: as many as requests are in flight by default.
const MAX_IDLE_PER_HOST: usize = 5;

/// The lifetime of an idle connection. Gateways close idle connections after a minute; the transport closes them first, so
/// that a request seldom uses a connection that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);

/// The interval of pings on an HTTP/2 connection with open requests, and the timeout of their replies. Together they are
/// shorter than an attempt, so that the next attempt does not use the same dead connection.
const HTTP2_PING: Duration = Duration::from_secs(3);
const HTTP2_PONG: Duration = Duration::from_secs(4);

/// The default transport: hyper's pool of HTTP/1.1 and HTTP/2 connections over TCP and rustls.
///
/// It follows no redirects. It also sends to `http` addresses, which simulators have. Cheap to clone; the clones share the
/// pool. Sending needs a tokio runtime. Usually wrapped in
/// [`HttpClient::web_roots`](crate::HttpClient::web_roots).
#[derive(Clone)]
pub struct Transport {
    /// Shared, because each layer clones the service below it for each request.
    shared: Arc<Shared>,
}

struct Shared {
    client: Hyper,
    #[cfg(feature = "gzip")]
    gzip: bool,
    dialer: Dialer,
}

type Hyper = Client<ConnectTimeout<HttpsConnector<Dialer>>, Full<Bytes>>;

impl Transport {
    /// Connects with this TLS configuration. Of `config`, it reads only the fields about connecting, compression and
    /// proxies.
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
            shared: Arc::new(Shared {
                client,
                #[cfg(feature = "gzip")]
                gzip: config.gzip,
                dialer,
            }),
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
            let problem = "an address needs http:// or https:// and a host";
            let error = Error::from(ErrorKind::InvalidInput).caused_by(problem);
            return Box::pin(std::future::ready(Err(error.into())));
        }
        #[cfg_attr(
            not(feature = "gzip"),
            expect(unused_mut, reason = "no header is added")
        )]
        let mut request = authorized(request.map(Full::new), &self.shared.dialer);
        #[cfg(feature = "gzip")]
        let may_decompress = self.shared.gzip && gzip::ask(request.headers_mut());
        let exchange = self.shared.client.request(request);
        Box::pin(async move {
            #[cfg_attr(
                not(feature = "gzip"),
                expect(unused_mut, reason = "no header is changed")
            )]
            let mut response = exchange.await.map_err(sort)?;
            #[cfg(feature = "gzip")]
            if may_decompress && gzip::is_compressed(&mut response) {
                let decompressed =
                    |body| TransportBody(Inner::Gzip(Box::new(Decompressed::new(body))));
                return Ok(response.map(decompressed));
            }
            Ok(response.map(|body| TransportBody(Inner::Plain(body))))
        })
    }
}

/// Marks the error of a request without a connection as not sent.
fn sort(error: hyper_util::client::legacy::Error) -> BoxError {
    if error.is_connect() {
        NotSent::new(error).into()
    } else {
        error.into()
    }
}

/// Adds the header for a proxy that forwards the request.
fn authorized<B>(mut request: Request<B>, dialer: &Dialer) -> Request<B> {
    let proxy = dialer.forwarder(request.uri());
    if let Some(header) = proxy.as_ref().and_then(ProxyServer::authorization) {
        request
            .headers_mut()
            .insert(http::header::PROXY_AUTHORIZATION, header.clone());
    }
    request
}

/// The body of a response of [`Transport`], as it arrives.
#[derive(Debug)]
pub struct TransportBody(Inner);

enum Inner {
    Plain(Incoming),
    #[cfg(feature = "gzip")]
    Gzip(Box<Decompressed<Incoming>>),
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
            // The decompressed size is unknown.
            #[cfg(feature = "gzip")]
            Inner::Gzip(_) => SizeHint::default(),
        }
    }
}
