//! The layers as tower layers: combined by its builder, omitted, and replaced.

use alta_http::{
    Collect, ConcurrencyLimit, Config, Error, ErrorKind, HttpClient, NotSent, Retry, Trace,
};
use bytes::Bytes;
use http::{Request, Response};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tower::timeout::Timeout;
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

fn get() -> Request<Bytes> {
    Request::get("http://example.org/api/groups")
        .body(Bytes::new())
        .unwrap()
}

/// Responds with 503 twice, then with 200; counts the requests.
fn flaky(count: &Arc<AtomicUsize>) -> HttpClient {
    let count = Arc::clone(count);
    HttpClient::without_layers(service_fn(move |_: Request<Bytes>| {
        let status = match count.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => 503,
            _ => 200,
        };
        let response = Response::builder().status(status).body(Bytes::new());
        std::future::ready(Ok::<_, Infallible>(response.unwrap()))
    }))
}

#[tokio::test(start_paused = true)]
async fn the_default_stack_can_be_built_from_its_layers() {
    let count = Arc::new(AtomicUsize::new(0));
    let config = Config::default();
    let inner = flaky(&count);
    let transport = service_fn(move |request| {
        let inner = inner.clone();
        async move { Ok::<_, Error>(inner.send(request).await?.map(http_body_util::Full::new)) }
    });
    let stack = ServiceBuilder::new()
        .layer(Trace::layer())
        .layer(Retry::layer(&config))
        .layer(ConcurrencyLimit::layer(config.max_in_flight))
        .timeout(config.attempt_timeout)
        .layer(Collect::layer(config.body_limit))
        .service(transport);
    let response = HttpClient::without_layers(stack).send(get()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_layer_can_be_replaced() {
    let silent =
        || service_fn(|_: Request<Bytes>| std::future::pending::<Result<Response<Bytes>, Error>>());
    // tower's limit and timeout: a request that timed out is repeated.
    let started = tokio::time::Instant::now();
    let stack = ServiceBuilder::new()
        .layer(Retry::layer(&Config::default().attempts(2)))
        .concurrency_limit(1)
        .timeout(Duration::from_secs(3))
        .service(silent());
    let error = HttpClient::without_layers(stack)
        .send(get())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TimedOut);
    assert!(error.may_have_arrived());
    assert!(started.elapsed() >= Duration::from_secs(6));

    // A layer that names the kind itself.
    let stack = ServiceBuilder::new()
        .layer(Retry::layer(&Config::default().attempts(2)))
        .map_err(|error| Error::from(ErrorKind::NotSent).caused_by(error))
        .timeout(Duration::from_secs(3))
        .service(silent());
    let error = HttpClient::without_layers(stack)
        .send(get())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);

    // A transport's own timeout before the request was sent.
    let stack = ServiceBuilder::new()
        .map_err(NotSent::new)
        .timeout(Duration::from_secs(3))
        .service(silent());
    let error = HttpClient::without_layers(stack)
        .send(get())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_without_a_response_times_out() {
    let silent =
        service_fn(|_: Request<Bytes>| std::future::pending::<Result<Response<String>, Error>>());
    let started = tokio::time::Instant::now();
    let config = Config::default().attempts(1);
    let http = HttpClient::layered(silent, &config);
    let error = http.send(get()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TimedOut);
    assert!(error.may_have_arrived());
    assert_eq!(started.elapsed(), config.attempt_timeout);
}

#[tokio::test(start_paused = true)]
async fn a_layer_can_be_omitted() {
    let count = Arc::new(AtomicUsize::new(0));
    let once = Timeout::new(flaky(&count), Duration::from_secs(1));
    assert_eq!(once.oneshot(get()).await.unwrap().status(), 503);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}
