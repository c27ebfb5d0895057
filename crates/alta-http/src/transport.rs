use crate::connect::{ConnectTimeout, Dialer};
#[cfg(feature = "gzip")]
use crate::gzip::{self, Decompressed};
use crate::{BoxError, Config, Error, ErrorKind, NotSent, Tls};
use alta_dial::ProxyServer;
use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
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
    type Future = TransportFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Bytes>) -> Self::Future {
        let uri = request.uri();
        if uri.authority().is_none() || !matches!(uri.scheme_str(), Some("http" | "https")) {
            let problem = "an address needs http:// or https:// and a host";
            let error = Error::from(ErrorKind::InvalidInput).caused_by(problem);
            return TransportFuture(State::Refused(Some(error)));
        }
        authorize(&mut request, &self.shared.dialer);
        name_host(&mut request);
        #[cfg(feature = "gzip")]
        let may_decompress = self.shared.gzip && gzip::ask(request.headers_mut());
        TransportFuture(State::Sent {
            exchange: self.shared.client.request(request.map(Full::new)),
            #[cfg(feature = "gzip")]
            may_decompress,
        })
    }
}

/// The response of [`Transport`]. It is not a boxed future, because the client returns one.
pub struct TransportFuture(State);

enum State {
    /// The request is invalid.
    Refused(Option<Error>),
    Sent {
        exchange: ResponseFuture,
        #[cfg(feature = "gzip")]
        may_decompress: bool,
    },
}

impl Future for TransportFuture {
    type Output = Result<Response<TransportBody>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &mut self.0 {
            // A future is not polled after its end.
            State::Refused(error) => {
                return error
                    .take()
                    .map_or(Poll::Pending, |error| Poll::Ready(Err(error.into())));
            }
            State::Sent { exchange, .. } => ready!(Pin::new(exchange).poll(cx)),
        };
        #[cfg_attr(
            not(feature = "gzip"),
            expect(unused_mut, reason = "no header is changed")
        )]
        let mut response = result.map_err(sort)?;
        #[cfg(feature = "gzip")]
        if matches!(
            self.0,
            State::Sent {
                may_decompress: true,
                ..
            }
        ) && gzip::is_compressed(&mut response)
        {
            let decompressed = |body| TransportBody(Inner::Gzip(Box::new(Decompressed::new(body))));
            return Poll::Ready(Ok(response.map(decompressed)));
        }
        Poll::Ready(Ok(response.map(|body| TransportBody(Inner::Plain(body)))))
    }
}

impl fmt::Debug for TransportFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportFuture").finish_non_exhaustive()
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
fn authorize(request: &mut Request<Bytes>, dialer: &Dialer) {
    let proxy = dialer.forwarder(request.uri());
    if let Some(header) = proxy.as_ref().and_then(ProxyServer::authorization) {
        request
            .headers_mut()
            .insert(http::header::PROXY_AUTHORIZATION, header.clone());
    }
}

/// Adds the header that hyper-util would build from the parts of the address. Over TLS, the connection may be one of HTTP/2,
/// which has no such header.
fn name_host(request: &mut Request<Bytes>) {
    let uri = request.uri();
    let authority = uri.authority().map_or("", Authority::as_str);
    let is_whole = uri.scheme() == Some(&Scheme::HTTP)
        && !authority.as_bytes().contains(&b'@')
        && !authority.ends_with(":80")
        && !authority.ends_with(':');
    if is_whole && let Ok(host) = HeaderValue::from_str(authority) {
        request.headers_mut().entry(HOST).or_insert(host);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_named_unless_hyper_util_would_name_another_one() {
        let named = |uri: &str| {
            let mut request = Request::get(uri).body(Bytes::new()).unwrap();
            name_host(&mut request);
            let host = request.headers().get(HOST).cloned();
            host.map(|host| host.to_str().unwrap().to_owned())
        };
        for (uri, host) in [
            ("http://example.org/api", "example.org"),
            ("http://127.0.0.1:8080/api", "127.0.0.1:8080"),
            ("http://[::1]:8080/", "[::1]:8080"),
        ] {
            assert_eq!(named(uri).as_deref(), Some(host));
        }
        for uri in [
            "http://example.org:80/",
            "http://example.org:/",
            "http://user:pass@example.org/",
            "https://example.org/",
        ] {
            assert_eq!(named(uri), None, "{uri}");
        }
        let mut own = Request::get("http://example.org/")
            .header(HOST, "virtual")
            .body(Bytes::new())
            .unwrap();
        name_host(&mut own);
        assert_eq!(own.headers()[HOST], "virtual");
    }
}
