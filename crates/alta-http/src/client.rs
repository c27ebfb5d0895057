use std::{
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use http_body::Body;
use tower::{ServiceExt as _, timeout::Timeout, util::BoxCloneSyncService};
use tower_service::Service;

use crate::{
    BoxError, Collect, ConcurrencyLimit, Config, Deadline, Error, ErrorKind, Retry, Trace,
    credentials, error::Target,
};

/// How much later than its deadline a call is ended by force.
const GRACE: Duration = Duration::from_millis(100);

/// Sends whole HTTP requests and receives whole answers, by any means.
///
/// Cheap to clone; the clones share connections and limits. It is itself a `tower_service::Service`, so that layers can
/// be put around it and the result be wrapped again.
#[derive(Clone)]
pub struct HttpClient {
    service: BoxCloneSyncService<Request<Bytes>, Response<Bytes>, Error>,
    call_timeout: Duration,
}

impl HttpClient {
    /// Sends by this service, and adds nothing but the default limit on the size of bodies and a span in the log.
    ///
    /// Any status is an `Ok`; an `Err` is an exchange that failed, and counts as sent unless [`NotSent`](crate::NotSent)
    /// is in the chain of its sources. Redirects are the service's business: it must not carry an authorization header to
    /// another host. Ours follows none.
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        Self::whole(Trace::new(Collect::new(service, Config::BODY_LIMIT)))
    }

    /// Sends by this service, with the default layers around it.
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
        let service = Collect::new(service, config.body_limit);
        let service = Timeout::new(service, config.attempt_timeout);
        let service = ConcurrencyLimit::new(service, config.max_in_flight);
        Self::whole(Trace::new(Retry::new(service, config))).with_call_timeout(config.call_timeout)
    }

    /// Sends by a service whose answers are whole already, and adds nothing: a stack of layers, or another `HttpClient` in
    /// one.
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
    /// // As `layered`, with a limit from elsewhere and no time-out.
    /// let stack = ServiceBuilder::new()
    ///     .layer(Trace::layer())
    ///     .layer(Retry::layer(&Config::default()))
    ///     .concurrency_limit(2)
    ///     .layer(Collect::layer(Config::BODY_LIMIT))
    ///     .service(transport);
    /// let http = HttpClient::whole(stack);
    /// # http
    /// # }
    /// ```
    pub fn whole<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        Self {
            service: BoxCloneSyncService::new(service.map_err(Error::sort)),
            call_timeout: Config::CALL_TIMEOUT,
        }
    }

    /// The same client whose calls may take that long as a whole, with their queueing and repetitions; a
    /// [`Deadline`] that a request has of its own goes before. [`Config::CALL_TIMEOUT`] by default.
    #[must_use]
    pub fn with_call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// How long a call may take as a whole.
    pub fn call_timeout(&self) -> Duration {
        self.call_timeout
    }

    /// The default transport with the default layers, trusting Mozilla's root certificates.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if the process's crypto provider is of no use, [`ErrorKind::InvalidInput`] if the environment
    /// names a proxy that cannot be used.
    #[cfg(feature = "webpki-roots")]
    pub fn web_roots(config: &Config) -> Result<Self, Error> {
        check_environment(config)?;
        Ok(Self::over_tls(&crate::Tls::web_roots()?, config))
    }

    /// The default transport with the default layers, trusting what the operating system trusts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if the platform's verifier cannot be started, [`ErrorKind::InvalidInput`] if the environment
    /// names a proxy that cannot be used.
    #[cfg(feature = "platform-roots")]
    pub fn platform_roots(config: &Config) -> Result<Self, Error> {
        check_environment(config)?;
        Ok(Self::over_tls(&crate::Tls::platform_roots()?, config))
    }

    /// The default transport with the default layers. If the environment names a proxy that cannot be used, every request
    /// says so.
    #[cfg(feature = "hyper")]
    pub fn over_tls(tls: &crate::Tls, config: &Config) -> Self {
        let transport = crate::Transport::new(tls, config);
        Self::layered(transport, config)
    }

    /// Sends a request, whose URI must be absolute (`https://…`), and waits for the answer.
    ///
    /// User and password in the URI are sent as `Authorization: Basic`, unless the request has that header already, and are
    /// no part of what the service inside sees as the URI.
    ///
    /// # Errors
    ///
    /// If the exchange fails; [`Error::kind`] tells how far it got. Answers of any status are `Ok`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the exchange; the server may get the request and act nevertheless.
    pub async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let target = Target::of(&request);
        credentials::move_to_header(&mut request).map_err(|error| error.of(&target))?;
        let deadline = Deadline::of(request.extensions()).unwrap_or_else(|| {
            let deadline = Deadline::after(self.call_timeout);
            request.extensions_mut().insert(deadline);
            deadline
        });
        let exchange = self.service.clone().oneshot(request);
        // The layers end in time by themselves, and know what became of the request; a service of others may not.
        let within = deadline.remaining() + GRACE;
        let result = tokio::time::timeout(within, exchange)
            .await
            .unwrap_or_else(|_| {
                let waited = format!("waited for {within:?}");
                Err(Error::from(ErrorKind::TimedOut).caused_by(waited))
            });
        result.map_err(|error| error.of(&target))
    }
}

#[cfg(any(feature = "webpki-roots", feature = "platform-roots"))]
fn check_environment(config: &Config) -> Result<(), Error> {
    match config.proxy {
        Some(_) => Ok(()),
        None => crate::Proxy::from_env().map(drop).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "reading the environment").caused_by(error)
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
        // Waited for when the request is sent.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move { client.send(request).await })
    }
}
