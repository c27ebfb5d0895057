use crate::error::Target;
use crate::stack::{Exchange, Foreign, Stack};
use crate::{BoxError, Collect, Config, Deadline, Error, Trace, credentials};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use http_body::Body;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// Sends complete HTTP requests and receives complete responses, through any service.
///
/// Cheap to clone; the clones share connections and limits. It is itself a `tower_service::Service`, so layers can be put
/// around it and the result can be wrapped again.
#[derive(Clone)]
pub struct HttpClient {
    service: Arc<dyn Exchange>,
    call_timeout: Duration,
}

impl HttpClient {
    /// Sends through this service, with only the default limit on the size of bodies and a span in the log.
    ///
    /// A response of any status is `Ok`. An `Err` is an exchange that failed; its request counts as sent unless
    /// [`NotSent`](crate::NotSent) is in the chain of its sources. A service that follows redirects must not send the
    /// authorization header to another host. The default transport follows none.
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        Self::without_layers(Trace::new(Collect::new(service, Config::BODY_LIMIT)))
    }

    /// Sends through this service, with the default layers around it.
    ///
    /// ```
    /// # use alta_http::{Config, HttpClient};
    /// # use bytes::Bytes;
    /// # let transport = tower::service_fn(|_: http::Request<Bytes>| async {
    /// #     Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
    /// # });
    /// let http = HttpClient::layered(transport, &Config::default().attempts(5));
    /// ```
    pub fn layered<S, B>(service: S, config: &Config) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        Self {
            service: Arc::new(Stack::new(service, config)),
            call_timeout: config.call_timeout,
        }
    }

    /// Sends through a service whose responses are complete already, and adds no layer: for a stack of layers, or another
    /// `HttpClient` in one.
    ///
    /// ```
    /// use alta_http::{Collect, Config, HttpClient, Retry, Trace};
    /// use tower::ServiceBuilder;
    ///
    /// # fn stack<S>(transport: S) -> HttpClient
    /// # where
    /// #     S: tower::Service<http::Request<bytes::Bytes>, Response = http::Response<String>, Error = std::convert::Infallible>
    /// #         + Clone + Send + Sync + 'static,
    /// #     S::Future: Send,
    /// # {
    /// // Like `layered`, but with tower's own limit and without a timeout.
    /// let stack = ServiceBuilder::new()
    ///     .layer(Trace::layer())
    ///     .layer(Retry::layer(&Config::default()))
    ///     .concurrency_limit(2)
    ///     .layer(Collect::layer(Config::BODY_LIMIT))
    ///     .service(transport);
    /// let http = HttpClient::without_layers(stack);
    /// # http
    /// # }
    /// ```
    pub fn without_layers<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        Self {
            service: Arc::new(Foreign(service)),
            call_timeout: Config::CALL_TIMEOUT,
        }
    }

    /// The same client with this timeout of a whole call, which includes its time in the queue and its retries. A request
    /// with a [`Deadline`] of its own keeps that. [`Config::CALL_TIMEOUT`] by default.
    #[must_use]
    pub fn with_call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// The timeout of a whole call.
    pub fn call_timeout(&self) -> Duration {
        self.call_timeout
    }

    /// The default transport with the default layers. It trusts Mozilla's root certificates.
    ///
    /// # Errors
    ///
    /// [`Tls`](crate::ErrorKind::Tls) if the process's crypto provider is unsuitable,
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the environment names an invalid proxy.
    #[cfg(feature = "webpki-roots")]
    pub fn web_roots(config: &Config) -> Result<Self, Error> {
        check_environment(config)?;
        Ok(Self::over_tls(&crate::Tls::web_roots()?, config))
    }

    /// The default transport with the default layers. It trusts the root certificates of the operating system.
    ///
    /// # Errors
    ///
    /// [`Tls`](crate::ErrorKind::Tls) if the platform's verifier does not start,
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the environment names an invalid proxy.
    #[cfg(feature = "platform-roots")]
    pub fn platform_roots(config: &Config) -> Result<Self, Error> {
        check_environment(config)?;
        Ok(Self::over_tls(&crate::Tls::platform_roots()?, config))
    }

    /// The default transport with the default layers. If the environment names an invalid proxy, every request fails with that
    /// error.
    #[cfg(feature = "hyper")]
    pub fn over_tls(tls: &crate::Tls, config: &Config) -> Self {
        let transport = crate::Transport::new(tls, config);
        Self {
            service: Arc::new(Stack::new(transport, config).without_deadlines()),
            call_timeout: config.call_timeout,
        }
    }

    /// Sends a request, whose URI must be absolute (`https://…`), and waits for the response.
    ///
    /// A user and password in the URI are sent as `Authorization: Basic`, unless the request has that header already. The
    /// inner service sees the URI without them.
    ///
    /// # Errors
    ///
    /// Fails if the exchange fails; [`Error::kind`] says how far it got. A response of any status is `Ok`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the exchange. The server may still receive the request and act on it.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let deadline = Deadline::of(request.extensions());
        let deadline = deadline.unwrap_or_else(|| Deadline::after(self.call_timeout));
        self.send_until(deadline, request).await
    }

    /// The same with this deadline.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`send`](Self::send).
    pub async fn send_until(
        &self,
        deadline: Deadline,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Error> {
        credentials::move_to_header(&mut request)
            .map_err(|error| error.of(&Target::of(&request)))?;
        self.service.exchange(request, deadline).await
    }
}

#[cfg(any(feature = "webpki-roots", feature = "platform-roots"))]
fn check_environment(config: &Config) -> Result<(), Error> {
    match config.proxy {
        Some(_) => Ok(()),
        None => crate::Proxy::from_env().map(drop).map_err(|error| {
            Error::new(crate::ErrorKind::InvalidInput, "reading the environment").caused_by(error)
        }),
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

impl Service<Request<Bytes>> for HttpClient {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // `call` waits until the inner service is ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move { client.send(request).await })
    }
}
