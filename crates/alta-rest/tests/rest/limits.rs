//! Bad input and responses beyond the limits.

use crate::support::{both, serve};
use alta_http::{Config, HttpClient, Tls};
use alta_model::{GroupId, ServerId, UserId};
use alta_rest::{Client, ErrorKind, Request};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::any;
use wiremock::{Mock, ResponseTemplate};

const BOUND: Duration = Duration::from_secs(60);

fn unusual_names() -> Vec<String> {
    [
        "a/b",
        "a\\b",
        "\"quoted\"",
        "Ashwick's",
        "with spaces  two",
        "+&=?#%25;",
        "Fr\u{f6}schchen \u{1f438} \u{5d0}",
        "new\r\nline: x",
        "\u{0}\u{7f}",
        "...",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(["n".repeat(10_000), "\u{e9}".repeat(5_000)])
    .collect()
}

#[tokio::test]
async fn any_name_arrives_unchanged_in_a_path_and_in_a_body() {
    let empty = ResponseTemplate::new(200).set_body_json(json!([]));
    let (server, client) = serve([Mock::given(any()).respond_with(empty)]).await;
    for name in unusual_names() {
        client.servers().named(&*name).collect(1).await.unwrap();
        let _ = client.users().search(&*name).await;
    }
    let received = server.received_requests().await.unwrap();
    for (name, pair) in unusual_names().iter().zip(received.chunks(2)) {
        let segments: Vec<&str> = pair[0].url.path_segments().unwrap().collect();
        assert_eq!(segments.len(), 4, "{name:?} is one segment");
        let got = percent_encoding::percent_decode_str(segments[3]);
        assert_eq!(got.decode_utf8().unwrap(), *name);
        let body: Value = pair[1].body_json().unwrap();
        assert_eq!(body, json!({"username": name}));
    }
}

#[tokio::test]
async fn line_ends_in_raw_paths_and_queries_add_no_headers() {
    let (server, client) =
        serve([Mock::given(any()).respond_with(ResponseTemplate::new(200))]).await;
    let request = Request::new(Method::GET, "shop\r\nx-injected: 1")
        .query("a\r\nx-injected", "1\r\nx-injected: 1");
    client.send(&request).await.unwrap();
    let received = server.received_requests().await.unwrap();
    assert!(!received[0].headers.contains_key("x-injected"));
    assert_eq!(received[0].url.path(), "/api/shop%0D%0Ax-injected:%201");
}

#[test]
fn a_string_that_is_not_a_number_is_not_an_id() {
    for text in [
        "",
        " ",
        "abc",
        "1a",
        "1/2",
        "0x10",
        "1e3",
        "-",
        "99999999999999999999",
    ] {
        assert!(text.parse::<GroupId>().is_err(), "{text:?}");
        assert!(text.parse::<ServerId>().is_err(), "{text:?}");
        assert!(text.parse::<UserId>().is_err(), "{text:?}");
    }
}

/// Serves each connection with this function; returns its address.
async fn listen<F: Future<Output = ()> + Send + 'static>(
    response: impl Fn(TcpStream) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/api", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            tokio::spawn(response(stream));
        }
    });
    uri
}

fn client(uri: &str, config: &Config) -> Client {
    let http = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), config);
    Client::new(http, uri.parse().unwrap(), both())
}

#[tokio::test]
async fn a_response_of_a_hundred_megabytes_ends_at_the_limit_with_and_without_content_length() {
    const SIZE: usize = 100_000_000;
    for announced in [true, false] {
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let uri = listen(move |mut stream| {
            let count = Arc::clone(&count);
            async move {
                let part = vec![b' '; 100_000];
                let head = if announced {
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n")
                } else {
                    "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned()
                };
                let _ = stream.write_all(head.as_bytes()).await;
                for _ in 0..SIZE / part.len() {
                    if stream.write_all(&part).await.is_err() {
                        return;
                    }
                    count.fetch_add(part.len(), Ordering::SeqCst);
                }
            }
        })
        .await;
        let client = client(&uri, &Config::default());
        let got = tokio::time::timeout(BOUND, client.groups().get(GroupId::new(7))).await;
        assert_eq!(*got.unwrap().unwrap_err().kind(), ErrorKind::TooLarge);
        // The limit, and the buffers of the operating system.
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent < Config::BODY_LIMIT * 2, "{sent} bytes were taken");
    }
}

#[tokio::test]
async fn a_slow_endless_body_ends_at_the_timeout() {
    let uri = listen(|mut stream| async move {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n[";
        let _ = stream.write_all(head).await;
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while stream.write_all(b" ").await.is_ok() {
            tick.tick().await;
        }
    })
    .await;
    let config = Config::default()
        .attempts(1)
        .attempt_timeout(Duration::from_millis(200));
    let client = client(&uri, &config);
    let got = tokio::time::timeout(BOUND, client.groups().get(GroupId::new(7))).await;
    assert_eq!(*got.unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn the_token_does_not_follow_a_redirect_to_another_host() {
    let elsewhere = serve([Mock::given(any()).respond_with(ResponseTemplate::new(200))]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/api/groups/7", elsewhere.0.uri());
        let response = ResponseTemplate::new(status).insert_header("location", location.as_str());
        let (_server, client) = serve([Mock::given(any()).respond_with(response)]).await;
        let error = client.groups().get(GroupId::new(7)).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UnexpectedStatus);
    }
    assert!(elsewhere.0.received_requests().await.unwrap().is_empty());
}
