use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tower_service::Service;

use crate::{BoxError, NotSent, Tls, connect::ConnectTimeout};

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
    client: Client<ConnectTimeout<HttpsConnector<HttpConnector>>, Full<Bytes>>,
}

impl Transport {
    /// Connects by this TLS configuration, within this time.
    pub fn new(tls: &Tls, connect_timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.client_config())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http2_keep_alive_interval(HTTP2_PING)
            .http2_keep_alive_timeout(HTTP2_PONG)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .build(ConnectTimeout::new(connector, connect_timeout));
        Self { client }
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
        let exchange = self.client.request(request.map(Full::new));
        Box::pin(async move {
            match exchange.await {
                Ok(response) => Ok(response.map(TransportBody)),
                Err(error) if error.is_connect() => Err(NotSent::new(error).into()),
                Err(error) => Err(error.into()),
            }
        })
    }
}

/// The body of an answer of [`Transport`], as it comes in.
#[derive(Debug)]
pub struct TransportBody(Incoming);

impl Body for TransportBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
