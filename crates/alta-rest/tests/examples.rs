//! Runs the examples of other HTTP clients.
#![cfg(feature = "hyper")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::duplicate_mod, reason = "two examples have the town in common")]

#[path = "../examples/http_cache.rs"]
mod http_cache;
#[path = "../examples/http_mock.rs"]
mod http_mock;
#[path = "../examples/http_reqwest.rs"]
mod http_reqwest;

use alta_rest::ErrorKind;

#[tokio::test]
async fn logins_and_calls_go_through_reqwest() {
    let groups = http_reqwest::run().await.unwrap();
    assert_eq!(groups.len(), 1);
}

#[tokio::test]
async fn reqwest_reports_requests_that_were_not_sent() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let http = http_reqwest::over_reqwest(reqwest::Client::new());
    let request = http::Request::post(uri).body(bytes::Bytes::new()).unwrap();
    let error = http.send(request).await.unwrap_err();
    assert_eq!(*error.kind(), alta_http::ErrorKind::NotSent);
}

#[tokio::test]
async fn responses_are_cached_and_requests_are_recorded() {
    let record = http_cache::run().await.unwrap();
    let kept: Vec<bool> = record.iter().map(|(_, was_kept)| *was_kept).collect();
    // The login, and the list two times.
    assert_eq!(kept, [false, false, true], "{record:?}");
    assert_eq!(record[1].0, record[2].0);
}

#[tokio::test]
async fn a_mock_responds_without_a_socket() {
    let (name, kind) = http_mock::run().await.unwrap();
    assert_eq!((name.as_str(), kind), ("Thornwood", ErrorKind::NotFound));
}
