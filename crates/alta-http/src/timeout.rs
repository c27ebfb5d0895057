use std::{
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use tower::{Layer, ServiceExt as _, layer::layer_fn};
use tower_service::Service;

use crate::{BoxError, Deadline, Error, ErrorKind};

/// Ends an exchange that takes too long, or longer than its [`Deadline`]; what was under way is dropped, its connection with
/// it.
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    after: Duration,
}

impl<S> Timeout<S> {
    /// Allows each exchange that long, its body included.
    pub fn new(inner: S, after: Duration) -> Self {
        Self { inner, after }
    }

    /// The same as a layer of tower's.
    pub fn layer(after: Duration) -> impl Layer<S, Service = Self> + Clone {
        layer_fn(move |inner| Self::new(inner, after))
    }
}

impl<S> Service<Request<Bytes>> for Timeout<S>
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
        let after = Deadline::cap(Deadline::of(request.extensions()), self.after);
        Box::pin(async move {
            let attempt = tokio::time::timeout(after, inner.oneshot(request)).await;
            attempt.map_or_else(
                |_| {
                    let waited = format!("waited for {after:?}");
                    Err(Error::from(ErrorKind::TimedOut).caused_by(waited))
                },
                |result| result.map_err(Error::sort),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_exchange_without_end_is_ended() {
        let service = tower::service_fn(|_: Request<Bytes>| {
            std::future::pending::<Result<Response<Bytes>, Error>>()
        });
        let started = tokio::time::Instant::now();
        let error = Timeout::new(service, Duration::from_secs(10))
            .oneshot(Request::new(Bytes::new()))
            .await
            .unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TimedOut);
        assert!(error.may_have_arrived());
        assert_eq!(started.elapsed(), Duration::from_secs(10));
    }
}
