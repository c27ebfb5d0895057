use crate::error::Target;
use crate::{BoxError, Config, Deadline, Error, ErrorKind, retry_after};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Method, Request, Response, StatusCode};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tower::layer::layer_fn;
use tower::{Layer, ServiceExt as _};
use tower_service::Service;

/// An extension of a request (`request.extensions_mut().insert(Repeatable)`) that allows [`Retry`] to repeat it whatever its
/// method: a login, for example, which is a POST.
#[derive(Clone, Copy, Debug)]
pub struct Repeatable;

/// Repeats failed requests after a pause, where that is safe.
///
/// Any request is repeated if it was certainly not sent ([`NotSent`](crate::NotSent)), and if the status is 429, which says
/// that the server did nothing. GET, HEAD, OPTIONS, PUT and DELETE requests, and those marked [`Repeatable`], are also
/// repeated if the exchange failed or timed out, and if the status is 408 or 500 and above, except for 501 and 505, which a
/// retry does not change. A response that is too large is not requested again.
///
/// The pause is the one that the server requests (`Retry-After`), up to [`Config::max_retry_after`]. Otherwise it is
/// random, between zero and a bound that doubles up to [`Config::backoff_cap`]. No attempt begins after the request's
/// [`Deadline`]: the last result is returned.
#[derive(Clone, Debug)]
pub struct Retry<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S> Retry<S> {
    /// Repeats as configured; reads only the fields about attempts and pauses.
    pub fn new(inner: S, config: &Config) -> Self {
        Self {
            inner,
            config: Arc::new(config.clone()),
        }
    }

    /// The same as a tower layer.
    pub fn layer(config: &Config) -> impl Layer<S, Service = Self> + Clone + use<S> {
        let config = config.clone();
        layer_fn(move |inner| Self::new(inner, &config))
    }
}

impl<S> Service<Request<Bytes>> for Retry<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
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
        let Self { inner, config } = self.clone();
        Box::pin(async move {
            let deadline = Deadline::of(request.extensions());
            let send = |request| {
                let exchange = inner.clone().oneshot(request);
                async { exchange.await.map_err(Error::sort) }
            };
            repeated(&config, request, deadline, send).await
        })
    }
}

/// Sends a request until its result is final. An error names the request.
pub(crate) async fn repeated<F>(
    config: &Config,
    mut request: Request<Bytes>,
    deadline: Option<Deadline>,
    send: impl Fn(Request<Bytes>) -> F,
) -> Result<Response<Bytes>, Error>
where
    F: Future<Output = Result<Response<Bytes>, Error>>,
{
    let repeatable = is_repeatable(&request);
    for attempt in 1..config.attempts {
        // A copy is as small as it can be, and the request itself has space for the headers of the transport.
        let copy = request.clone();
        let result = send(request).await;
        let pause = pause(config, attempt, repeatable, &result);
        let in_time = |pause: &Duration| deadline.is_none_or(|end| end.remaining() > *pause);
        let Some(pause) = pause.filter(in_time) else {
            return result.map_err(|error| error.of(&Target::of(&copy)));
        };
        request = copy;
        let target = Target::of(&request);
        match &result {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::warn!(attempt, %target, status, ?pause, "retrying");
            }
            Err(error) => {
                tracing::warn!(attempt, %target, ?error, ?pause, "retrying");
            }
        }
        drop(result);
        tokio::time::sleep(pause).await;
    }
    let target = Target::of(&request);
    send(request).await.map_err(|error| error.of(&target))
}

fn is_repeatable(request: &Request<Bytes>) -> bool {
    matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    ) || request.extensions().get::<Repeatable>().is_some()
}

/// The pause before the next attempt, or none if this result is final.
fn pause(
    config: &Config,
    attempt: u32,
    repeatable: bool,
    result: &Result<Response<Bytes>, Error>,
) -> Option<Duration> {
    let own = || {
        let bound = config
            .backoff_first
            .saturating_mul(2_u32.saturating_pow(attempt - 1))
            .min(config.backoff_cap);
        bound.mul_f64(fastrand::f64())
    };
    match result {
        Err(error) => match error.kind() {
            ErrorKind::NotSent => Some(own()),
            ErrorKind::Transport | ErrorKind::TimedOut => repeatable.then(own),
            ErrorKind::TooLarge | ErrorKind::Tls | ErrorKind::InvalidInput => None,
        },
        Ok(response) => {
            let may_pass = match response.status() {
                StatusCode::TOO_MANY_REQUESTS => true,
                StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => false,
                status => {
                    repeatable
                        && (status == StatusCode::REQUEST_TIMEOUT || status.is_server_error())
                }
            };
            if !may_pass {
                return None;
            }
            match retry_after(response.headers(), SystemTime::now()) {
                Some(asked) => (asked <= config.max_retry_after).then_some(asked),
                None => Some(own()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NotSent;
    use http::header::RETRY_AFTER;
    use std::sync::Mutex;
    use tokio::time::Instant;

    type Outcome = Result<u16, ErrorKind>;

    /// Sends one request to a service that returns these outcomes in order, and repeats the last one. Returns the outcome of the
    /// request, the number of calls of the service, and the duration.
    async fn send(
        request: Request<Bytes>,
        config: &Config,
        outcomes: &'static [Outcome],
    ) -> (Outcome, usize, Duration) {
        send_with(request, config, outcomes, None).await
    }

    async fn send_with(
        request: Request<Bytes>,
        config: &Config,
        outcomes: &'static [Outcome],
        retry_after: Option<&str>,
    ) -> (Outcome, usize, Duration) {
        let calls = Arc::new(Mutex::new(0));
        let retry_after = retry_after.map(str::to_owned);
        let service = {
            let calls = Arc::clone(&calls);
            tower::service_fn(move |_: Request<Bytes>| {
                let mut calls = calls.lock().unwrap();
                let outcome = outcomes[(*calls).min(outcomes.len() - 1)];
                *calls += 1;
                std::future::ready(match outcome {
                    Ok(status) => {
                        let mut response = Response::builder().status(status);
                        if let Some(pause) = &retry_after {
                            response = response.header(RETRY_AFTER, pause);
                        }
                        Ok(response.body(Bytes::new()).unwrap())
                    }
                    Err(ErrorKind::NotSent) => Err(Error::sort(NotSent::new("down"))),
                    Err(kind) => Err(Error::from(kind).caused_by("failed")),
                })
            })
        };
        let started = Instant::now();
        let result = Retry::new(service, config).oneshot(request).await;
        let outcome = result
            .map(|response| response.status().as_u16())
            .map_err(|error| *error.kind());
        let calls = *calls.lock().unwrap();
        (outcome, calls, started.elapsed())
    }

    fn request(method: &str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .body(Bytes::new())
            .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_safe_request_is_repeated_until_it_succeeds() {
        let config = Config::default();
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
            let cases: [&'static [Outcome]; 5] = [
                &[Ok(500), Ok(408), Ok(200)],
                &[Ok(500), Ok(520), Ok(501)],
                &[Err(ErrorKind::Transport), Err(ErrorKind::TimedOut), Ok(200)],
                &[Ok(429), Ok(502), Ok(200)],
                &[Ok(503), Ok(504), Ok(404)],
            ];
            for outcomes in cases {
                let (outcome, calls, _) = send(request(method), &config, outcomes).await;
                assert_eq!((outcome, calls), (outcomes[2], 3), "{method}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_counted_and_the_last_failure_is_the_result() {
        let config = Config::default().attempts(4);
        let (outcome, calls, _) = send(request("GET"), &config, &[Ok(503)]).await;
        assert_eq!((outcome, calls), (Ok(503), 4));
        let failing: &[Outcome] = &[Err(ErrorKind::Transport)];
        let (outcome, calls, _) = send(request("GET"), &config, failing).await;
        assert_eq!((outcome, calls), (failing[0], 4));
        let (_, calls, _) = send(request("GET"), &config.attempts(0), failing).await;
        assert_eq!(calls, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_post_is_repeated_only_if_nothing_was_done() {
        let config = Config::default();
        for method in ["POST", "PATCH"] {
            let cases: [&'static [Outcome]; 5] = [
                &[Err(ErrorKind::Transport)],
                &[Err(ErrorKind::TimedOut)],
                &[Ok(503)],
                &[Ok(500)],
                &[Ok(408)],
            ];
            for outcomes in cases {
                let (outcome, calls, _) = send(request(method), &config, outcomes).await;
                assert_eq!((outcome, calls), (outcomes[0], 1), "{method}");
            }
            let outcomes = &[Err(ErrorKind::NotSent), Ok(429), Ok(200)];
            let (outcome, calls, _) = send(request(method), &config, outcomes).await;
            assert_eq!((outcome, calls), (Ok(200), 3), "{method}");
            let busy: &[Outcome] = &[Ok(429)];
            let (outcome, calls, elapsed) =
                send_with(request(method), &config, busy, Some("2")).await;
            assert_eq!((outcome, calls), (Ok(429), 3), "{method}");
            assert!(elapsed >= Duration::from_secs(4), "{elapsed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_tried_again_after_the_deadline() {
        let mut request = request("GET");
        let within = Duration::from_secs(10);
        request.extensions_mut().insert(Deadline::after(within));
        let config = Config::default().attempts(1_000);
        let (outcome, calls, elapsed) = send(request.clone(), &config, &[Ok(503)]).await;
        assert_eq!(outcome, Ok(503));
        assert!(calls > 2 && elapsed < within, "{calls} in {elapsed:?}");
        // The server requests a pause beyond the deadline.
        request.extensions_mut().insert(Deadline::after(within));
        let (outcome, calls, elapsed) = send_with(request, &config, &[Ok(429)], Some("11")).await;
        assert_eq!((outcome, calls, elapsed), (Ok(429), 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_post_that_is_marked_as_repeatable_is_repeated() {
        let mut login = request("POST");
        login.extensions_mut().insert(Repeatable);
        let (outcome, calls, _) = send(login, &Config::default(), &[Ok(503), Ok(200)]).await;
        assert_eq!((outcome, calls), (Ok(200), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_permanent_failure_is_not_repeated() {
        for outcome in [
            Ok(200),
            Ok(302),
            Ok(400),
            Ok(401),
            Ok(403),
            Ok(404),
            Ok(405),
            Ok(501),
            Ok(505),
            Err(ErrorKind::TooLarge),
            Err(ErrorKind::Tls),
        ] {
            let outcomes: &'static [Outcome] = Box::leak(Box::new([outcome]));
            let (got, calls, _) = send(request("GET"), &Config::default(), outcomes).await;
            assert_eq!((got, calls), (outcome, 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_that_the_server_requests_is_used_unless_it_is_too_long() {
        let config = Config::default().max_retry_after(Duration::from_secs(7));
        let busy: [(u16, &'static [Outcome]); 2] =
            [(429, &[Ok(429), Ok(200)]), (503, &[Ok(503), Ok(200)])];
        for (status, outcomes) in busy {
            let ask = |pause: String| {
                let config = config.clone();
                async move { send_with(request("GET"), &config, outcomes, Some(&pause)).await }
            };
            let (outcome, _, elapsed) = ask("7".to_owned()).await;
            assert_eq!(outcome, Ok(200));
            assert!(elapsed >= Duration::from_secs(7) && elapsed < Duration::from_millis(7_010));
            let (outcome, calls, elapsed) = ask("8".to_owned()).await;
            assert_eq!((outcome, calls, elapsed), (Ok(status), 1, Duration::ZERO));

            // A date has whole seconds.
            let date =
                |seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
            let (outcome, _, elapsed) = ask(date(6)).await;
            assert_eq!(outcome, Ok(200));
            assert!(elapsed > Duration::from_secs(4) && elapsed < Duration::from_millis(6_010));
            let (outcome, calls, elapsed) = ask(date(600)).await;
            assert_eq!((outcome, calls, elapsed), (Ok(status), 1, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_the_cap_and_are_drawn_below_it() {
        let config = Config::default()
            .attempts(6)
            .backoff(Duration::from_secs(1), Duration::from_secs(4));
        // 1 + 2 + 4 + 4 + 4 s, and a millisecond each for the timer's granularity.
        let most = Duration::from_millis(15_005);
        let mut longest = Duration::ZERO;
        for _ in 0..200 {
            let (_, _, elapsed) = send(request("GET"), &config, &[Ok(503)]).await;
            assert!(elapsed <= most, "{elapsed:?}");
            longest = longest.max(elapsed);
        }
        assert!(longest > Duration::from_secs(9), "{longest:?}");
    }
}
