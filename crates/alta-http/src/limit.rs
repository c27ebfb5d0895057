use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tower::{Layer, ServiceExt as _, layer::layer_fn};
use tower_service::Service;

use crate::{BoxError, Deadline, Error, ErrorKind};

/// An extension of a request (`request.extensions_mut().insert(Urgent)`) that does not wait for others to end: a login, which
/// they may all be waiting for. [`ConcurrencyLimit`] has places of their own for those.
#[derive(Clone, Copy, Debug)]
pub struct Urgent;

/// Lets a few exchanges at a time through; the others wait in the order they came, until their [`Deadline`] at most. As many
/// [`Urgent`] ones have places of their own. Clones share the limit.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit<S> {
    inner: S,
    permits: Arc<Semaphore>,
    urgent: Arc<Semaphore>,
}

impl<S> ConcurrencyLimit<S> {
    /// Lets `max` exchanges through at once; none would be no service at all, so it counts as one.
    pub fn new(inner: S, max: usize) -> Self {
        let permits = || Arc::new(Semaphore::new(max.clamp(1, Semaphore::MAX_PERMITS)));
        Self {
            inner,
            permits: permits(),
            urgent: permits(),
        }
    }

    /// The same as a layer of tower's. What it is put around has a limit of its own each time.
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
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let inner = self.inner.clone();
        let permits = match request.extensions().get() {
            Some(Urgent) => Arc::clone(&self.urgent),
            None => Arc::clone(&self.permits),
        };
        let deadline = Deadline::of(request.extensions());
        Box::pin(async move {
            let turn = permits.acquire();
            // Never closed, so a permit always comes.
            let _permit = match deadline {
                None => turn.await,
                Some(deadline) => {
                    let waited = deadline.remaining();
                    tokio::time::timeout(waited, turn).await.map_err(|_| {
                        let problem = format!("waited {waited:?} for other requests to end");
                        Error::from(ErrorKind::NotSent).caused_by(problem)
                    })?
                }
            };
            inner.oneshot(request).await.map_err(Error::sort)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_are_under_way_and_all_get_through() {
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
