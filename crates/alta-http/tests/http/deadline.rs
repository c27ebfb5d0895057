//! The timeout of a whole call, and urgent requests.

use alta_http::{Config, Deadline, ErrorKind, HttpClient, Urgent};
use bytes::Bytes;
use http::{Request, Response};
use std::convert::Infallible;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const WHOLE: Duration = Duration::from_secs(60);

/// Responds only to urgent requests.
fn hanging() -> HttpClient {
    let service = tower::service_fn(|request: Request<Bytes>| async move {
        if request.extensions().get::<Urgent>().is_none() {
            std::future::pending::<()>().await;
        }
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    HttpClient::layered(service, &Config::default())
}

fn request(method: &str) -> Request<Bytes> {
    let request = Request::builder().method(method);
    let request = request.uri("http://example.org/api/groups");
    request.body(Bytes::new()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn fifty_calls_without_a_response_end_within_a_minute_and_delay_no_login() {
    let http = hanging();
    let started = Instant::now();
    let mut calls = JoinSet::new();
    for method in ["GET", "POST"].into_iter().cycle().take(50) {
        let http = http.clone();
        calls.spawn(async move { http.send(request(method)).await.unwrap_err() });
    }
    tokio::task::yield_now().await;

    let mut login = request("POST");
    login.extensions_mut().insert(Urgent);
    http.send(login).await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);

    let errors = calls.join_all().await;
    let elapsed = started.elapsed();
    assert!(
        elapsed > Duration::from_secs(50) && elapsed <= WHOLE,
        "{elapsed:?}"
    );
    // A request that stayed in the queue was not sent.
    let unsent = errors
        .iter()
        .filter(|error| *error.kind() == ErrorKind::NotSent);
    assert!(unsent.clone().count() >= 10, "{errors:?}");
    assert!(unsent.clone().all(|error| !error.may_have_arrived()));
    let said = format!("{:?}", unsent.clone().next().unwrap());
    assert!(said.contains("for other requests to end"), "{said}");
    assert!(
        errors
            .iter()
            .any(|error| *error.kind() == ErrorKind::TimedOut)
    );
}

#[tokio::test(start_paused = true)]
async fn urgent_calls_are_limited_among_themselves() {
    let service = tower::service_fn(|_: Request<Bytes>| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    let http = HttpClient::layered(service, &Config::default().max_in_flight(2));
    let started = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..6 {
        let http = http.clone();
        let mut login = request("POST");
        login.extensions_mut().insert(Urgent);
        calls.spawn(async move { http.send(login).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn every_service_finds_the_deadline_in_its_request() {
    let service = tower::service_fn(|request: Request<Bytes>| async move {
        let deadline = request.extensions().get::<Deadline>().copied().unwrap();
        assert_eq!(deadline.remaining(), Duration::from_secs(7));
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    let config = Config::default().call_timeout(Duration::from_secs(7));
    let layered = HttpClient::layered(service, &config);
    layered.send(request("GET")).await.unwrap();
    let bare = HttpClient::new(service).with_call_timeout(config.call_timeout);
    bare.send(request("GET")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_service_without_layers_is_bounded_and_the_bound_is_configured() {
    let silent = || {
        tower::service_fn(|_: Request<Bytes>| {
            std::future::pending::<Result<Response<String>, Infallible>>()
        })
    };
    let config = Config::default()
        .call_timeout(Duration::from_secs(3))
        .attempts(100);
    let clients = [
        (HttpClient::new(silent()), WHOLE),
        (
            HttpClient::new(silent()).with_call_timeout(Duration::from_secs(7)),
            Duration::from_secs(7),
        ),
        (
            HttpClient::layered(silent(), &config),
            Duration::from_secs(3),
        ),
    ];
    for (http, within) in clients {
        let started = Instant::now();
        let error = http.send(request("GET")).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TimedOut);
        let late = started.elapsed().checked_sub(within).unwrap();
        assert!(late <= Duration::from_millis(100), "{late:?}");
    }
    // The deadline of a request takes precedence.
    let mut hurried = request("GET");
    hurried
        .extensions_mut()
        .insert(Deadline::after(Duration::from_secs(1)));
    let started = Instant::now();
    hanging().send(hurried).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(1));
}
