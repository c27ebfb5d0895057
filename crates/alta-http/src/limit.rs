use crate::{BoxError, Deadline, Error, ErrorKind};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use tower::Layer;
use tower::layer::layer_fn;
use tower_service::Service;

/// An extension of a request (`request.extensions_mut().insert(Urgent)`) that does not wait for other requests to end: a login,
/// for which the others may be waiting. [`ConcurrencyLimit`] reserves permits for those.
#[derive(Clone, Copy, Debug)]
pub struct Urgent;

/// A limit on concurrent requests. It differs from tower's: [`Urgent`] requests have as many permits of their own, and the
/// [`Deadline`] of a request holds. A request that is still queued at its deadline fails as [`ErrorKind::NotSent`], one that
/// was passed on as [`ErrorKind::TimedOut`].
///
/// Queued requests are passed on in the order of their arrival. Clones share the limit.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit<S> {
    inner: S,
    permits: Arc<Permits>,
}

impl<S: Clone> ConcurrencyLimit<S> {
    /// Passes `max` requests on at once, at least one.
    pub fn new(inner: S, max: usize) -> Self {
        Self {
            inner,
            permits: Arc::new(Permits::new(max)),
        }
    }

    /// The same as a tower layer. Each service that it wraps has its own limit.
    pub fn layer(max: usize) -> impl Layer<S, Service = Self> + Clone {
        layer_fn(move |inner| Self::new(inner, max))
    }
}

impl<S> Service<Request<Bytes>> for ConcurrencyLimit<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // `call` waits for a permit, because the request determines the kind of permit and the deadline.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let Self { mut inner, permits } = self.clone();
        let deadline = Deadline::of(request.extensions());
        Box::pin(async move {
            let _permit = permits.acquire(&request, deadline).await?;
            let ready = poll_fn(|cx| inner.poll_ready(cx).map_err(Error::sort));
            queued(deadline, ready).await??;
            let left = deadline.map(Deadline::remaining);
            let exchange = inner.call(request);
            let result = match deadline {
                Some(deadline) => deadline.timeout(exchange).await,
                None => Ok(exchange.await),
            };
            result
                .map_err(|_| Error::timed_out(left.unwrap_or_default()))?
                .map_err(Error::sort)
        })
    }
}

/// The permits of a limit.
#[derive(Debug)]
pub(crate) struct Permits {
    normal: Semaphore,
    urgent: Semaphore,
}

impl Permits {
    pub(crate) fn new(max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            normal: Semaphore::new(max),
            urgent: Semaphore::new(max),
        }
    }

    /// Waits for the permit of a request, until its deadline.
    pub(crate) async fn acquire(
        &self,
        request: &Request<Bytes>,
        deadline: Option<Deadline>,
    ) -> Result<SemaphorePermit<'_>, Error> {
        let semaphore = match request.extensions().get() {
            Some(Urgent) => &self.urgent,
            None => &self.normal,
        };
        let permit = queued(deadline, semaphore.acquire()).await?;
        permit.map_err(|closed| Error::from(ErrorKind::NotSent).caused_by(closed))
    }
}

/// Waits until the deadline; nothing has been sent yet.
async fn queued<T>(
    deadline: Option<Deadline>,
    waiting: impl Future<Output = T>,
) -> Result<T, Error> {
    let Some(deadline) = deadline else {
        return Ok(waiting.await);
    };
    let begun = Instant::now();
    deadline.bound(waiting).await.ok_or_else(|| {
        let waited = begun.elapsed();
        let reason = format!("waited {waited:?} for other requests to end");
        Error::from(ErrorKind::NotSent).caused_by(reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tower::ServiceExt as _;

    #[tokio::test(start_paused = true)]
    async fn no_more_requests_than_the_limit_are_in_flight_and_all_succeed() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let service = {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            tower::service_fn(move |_: Request<Bytes>| {
                let (now, most) = (Arc::clone(&now), Arc::clone(&most));
                async move {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok::<_, Error>(Response::new(Bytes::new()))
                }
            })
        };
        let service = ConcurrencyLimit::new(service, 3);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            tasks.spawn(service.clone().oneshot(Request::new(Bytes::new())));
        }
        assert_eq!(tasks.join_all().await.into_iter().flatten().count(), 10);
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }
}
