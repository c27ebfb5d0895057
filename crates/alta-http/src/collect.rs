use crate::error::chain;
use crate::{BoxError, Error, ErrorKind};
use bytes::{Buf as _, Bytes, BytesMut};
use futures_core::future::BoxFuture;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tower::layer::layer_fn;
use tower::{Layer, ServiceExt as _};
use tower_service::Service;

/// Reads the body of each response up to a limit, and classifies the errors of the inner service.
#[derive(Clone, Debug)]
pub struct Collect<S> {
    inner: S,
    limit: usize,
}

impl<S> Collect<S> {
    /// Reads bodies of at most `limit` bytes.
    pub fn new(inner: S, limit: usize) -> Self {
        Self { inner, limit }
    }

    /// The same as a tower layer.
    pub fn layer(limit: usize) -> impl Layer<S, Service = Self> + Clone {
        layer_fn(move |inner| Self::new(inner, limit))
    }
}

impl<S, B> Service<Request<Bytes>> for Collect<S>
where
    S: Service<Request<Bytes>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let (inner, limit) = (self.inner.clone(), self.limit);
        Box::pin(collected(inner.oneshot(request), limit))
    }
}

/// Waits for a response, and reads its body up to a limit.
pub(crate) async fn collected<B, E>(
    response: impl Future<Output = Result<Response<B>, E>>,
    limit: usize,
) -> Result<Response<Bytes>, Error>
where
    B: Body,
    B::Error: Into<BoxError>,
    E: Into<BoxError>,
{
    let (parts, body) = response.await.map_err(Error::sort)?.into_parts();
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(Error::from(ErrorKind::TooLarge).caused_by(format!(
            "the response announces {announced} bytes, the limit is {limit}"
        )));
    }
    let body = pin!(Limited::new(body, limit));
    let body = whole(body)
        .await
        .map_err(|error| body_error(error, limit))?;
    Ok(Response::from_parts(parts, body))
}

/// The whole body; one that arrives at once is not copied.
async fn whole<B: Body<Error = BoxError>>(mut body: Pin<&mut B>) -> Result<Bytes, BoxError> {
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    while !body.is_end_stream()
        && let Some(frame) = body.frame().await
    {
        let Ok(mut data) = frame?.into_data() else {
            continue;
        };
        let data = data.copy_to_bytes(data.remaining());
        if first.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            let rest = usize::try_from(body.size_hint().lower()).unwrap_or_default();
            all.reserve(first.len() + data.len() + rest);
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn body_error(error: BoxError, limit: usize) -> Error {
    if chain(&*error).any(<dyn std::error::Error>::is::<LengthLimitError>) {
        return Error::from(ErrorKind::TooLarge)
            .caused_by(format!("the body exceeds the limit of {limit} bytes"));
    }
    // The response has begun, so the request was sent, even if the body's error says otherwise.
    Error::from(ErrorKind::Transport).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{Full, StreamBody};
    use std::convert::Infallible;

    fn request() -> Request<Bytes> {
        Request::new(Bytes::new())
    }

    #[tokio::test]
    async fn a_body_at_the_limit_is_read_and_one_above_it_is_an_error() {
        for (limit, whole) in [(5, true), (4, false)] {
            let service = tower::service_fn(|_: Request<Bytes>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"12345"))))
            });
            let result = Collect::new(service, limit).oneshot(request()).await;
            match result {
                Ok(response) => assert!(whole && response.body() == "12345"),
                Err(error) => assert!(!whole && *error.kind() == ErrorKind::TooLarge),
            }
        }
    }

    #[tokio::test]
    async fn a_body_without_an_announced_size_is_counted() {
        let service = tower::service_fn(|_: Request<Bytes>| async {
            let frames = (0..100)
                .map(|_| Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(b"12345"))));
            Ok::<_, Infallible>(Response::new(StreamBody::new(Frames(frames))))
        });
        let error = Collect::new(service, 20)
            .oneshot(request())
            .await
            .unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooLarge);
    }

    struct Frames<I>(I);

    impl<I: Iterator + Unpin> futures_core::Stream for Frames<I> {
        type Item = I::Item;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
            Poll::Ready(self.0.next())
        }
    }
}
