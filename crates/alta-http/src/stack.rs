//! The work behind an `HttpClient`.

use crate::error::Target;
use crate::limit::Permits;
use crate::{BoxError, Config, Deadline, Error, collect, retry, trace};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use http_body::Body;
use std::future::poll_fn;
use std::time::{Duration, Instant};
use tower::ServiceExt as _;
use tower_service::Service;
use tracing::Instrument as _;

/// The time after its deadline at which a call is ended, if its service did not end it.
const GRACE: Duration = Duration::from_millis(100);

/// Sends requests. The errors name them.
pub(crate) trait Exchange: Send + Sync {
    fn exchange(
        &self,
        request: Request<Bytes>,
        deadline: Deadline,
    ) -> BoxFuture<'_, Result<Response<Bytes>, Error>>;
}

/// A service that may neither obey the deadline, which is an extension of each request, nor report whether the request was
/// sent.
pub(crate) struct Foreign<S>(pub(crate) S);

impl<S> Exchange for Foreign<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    fn exchange(
        &self,
        mut request: Request<Bytes>,
        deadline: Deadline,
    ) -> BoxFuture<'_, Result<Response<Bytes>, Error>> {
        request.extensions_mut().insert(deadline);
        let within = deadline.remaining() + GRACE;
        let target = Target::of(&request);
        let exchange = self.0.clone().oneshot(request);
        Box::pin(async move {
            let result = match tokio::time::timeout(within, exchange).await {
                Ok(result) => result.map_err(Error::sort),
                Err(_) => Err(Error::timed_out(within)),
            };
            result.map_err(|error| error.of(&target))
        })
    }
}

/// A transport with the default layers around it. The layers are functions within one future here: a service and a boxed
/// future for each of them cost more than their work.
pub(crate) struct Stack<S> {
    transport: S,
    permits: Permits,
    config: Config,
    /// True if the transport finds the deadline in the request.
    shows_deadline: bool,
}

impl<S> Stack<S> {
    pub(crate) fn new(transport: S, config: &Config) -> Self {
        Self {
            transport,
            permits: Permits::new(config.max_in_flight),
            config: config.clone(),
            shows_deadline: true,
        }
    }

    /// For a transport that does not look for the deadline of a request.
    #[cfg(feature = "hyper")]
    pub(crate) fn without_deadlines(mut self) -> Self {
        self.shows_deadline = false;
        self
    }
}

impl<S, B> Stack<S>
where
    S: Service<Request<Bytes>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    async fn attempt(
        &self,
        request: Request<Bytes>,
        deadline: Deadline,
    ) -> Result<Response<Bytes>, Error> {
        let _permit = self.permits.acquire(&request, Some(deadline)).await?;
        // One timer for both limits.
        let (end, left) = deadline.within(self.config.attempt_timeout);
        let mut transport = self.transport.clone();
        let ready = poll_fn(|cx| transport.poll_ready(cx).map_err(Error::sort));
        let ready = end.bound(ready).await;
        ready.unwrap_or_else(|| Err(Error::timed_out(left)))?;
        let exchange = collect::collected(transport.call(request), self.config.body_limit);
        let result = end.timeout(exchange).await;
        result.unwrap_or_else(|_| Err(Error::timed_out(left)))
    }
}

impl<S, B> Exchange for Stack<S>
where
    S: Service<Request<Bytes>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    fn exchange(
        &self,
        mut request: Request<Bytes>,
        deadline: Deadline,
    ) -> BoxFuture<'_, Result<Response<Bytes>, Error>> {
        if self.shows_deadline {
            request.extensions_mut().insert(deadline);
        }
        let span = trace::span(&request);
        let exchange = async move {
            let started = Instant::now();
            let attempt = |request| self.attempt(request, deadline);
            let result = retry::repeated(&self.config, request, Some(deadline), attempt).await;
            trace::log(&result, started);
            result
        };
        Box::pin(exchange.instrument(span))
    }
}
