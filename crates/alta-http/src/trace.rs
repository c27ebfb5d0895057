use crate::error::Target;
use crate::{BoxError, Error};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;
use tower::layer::layer_fn;
use tower::{Layer, ServiceExt as _};
use tower_service::Service;
use tracing::{Instrument as _, Span};

/// Gives each request an id and a `tracing` span (`http`, at debug level) around all its attempts, and logs its result there. The
/// span shows method and address, but neither the query, the headers nor the bodies, which may contain secrets.
#[derive(Clone, Debug)]
pub struct Trace<S> {
    inner: S,
}

impl<S> Trace<S> {
    /// Logs the requests to this service.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }

    /// The same as a tower layer.
    pub fn layer() -> impl Layer<S, Service = Self> + Clone {
        layer_fn(Self::new)
    }
}

impl<S> Service<Request<Bytes>> for Trace<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let inner = self.inner.clone();
        let span = span(&request);
        let exchange = async move {
            let started = Instant::now();
            let result = inner.oneshot(request).await.map_err(Error::sort);
            log(&result, started);
            result
        };
        Box::pin(exchange.instrument(span))
    }
}

/// The span of a request.
pub(crate) fn span(request: &Request<Bytes>) -> Span {
    static NEXT_ID: AtomicU64 = AtomicU64::new(1);

    tracing::debug_span!(
        "http",
        id = NEXT_ID.fetch_add(1, Ordering::Relaxed),
        request = %Target::of(request),
    )
}

/// Logs the result of an exchange.
pub(crate) fn log(result: &Result<Response<Bytes>, Error>, started: Instant) {
    match result {
        Ok(response) => tracing::debug!(
            status = response.status().as_u16(),
            bytes = response.body().len(),
            elapsed = ?started.elapsed(),
            "response received"
        ),
        Err(error) => tracing::debug!(?error, elapsed = ?started.elapsed(), "failed"),
    }
}
