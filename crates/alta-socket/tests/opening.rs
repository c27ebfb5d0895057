//! Opening a websocket: the contents of the handshake, and the errors of refusals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(target_os = "linux")]
use alta_socket::Resolver;
use alta_socket::{DialError, LinkConfig, Proxy, TcpDialer, WebSocket};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
#[cfg(target_os = "linux")]
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use url::Url;

const BOUND: Duration = Duration::from_secs(10);

/// A server that sends this reply to the first handshake. The task returns the request.
async fn server(reply: String) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(reply.as_bytes()).await.unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    });
    (address, asked)
}

async fn open(url: &str, headers: HeaderMap, within: Duration, dialer: &TcpDialer) -> DialError {
    let url: Url = url.parse().unwrap();
    let limits = LinkConfig::new(1024).connect_timeout(within);
    let opening = WebSocket::connect(dialer, &url, headers, limits);
    let opened = tokio::time::timeout(BOUND, opening).await.unwrap();
    opened.unwrap_err()
}

fn direct() -> TcpDialer {
    TcpDialer::plain().with_proxy(Proxy::none())
}

#[tokio::test]
async fn the_pause_that_a_refusal_requests_is_in_the_error() {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(90));
    for (status, line, least, most) in [
        (429, "retry-after: 7\r\n".to_owned(), Some(7), 7),
        (503, format!("Retry-After: {date}\r\n"), Some(80), 90),
        (503, "retry-after: soon\r\n".to_owned(), None, 0),
        (503, String::new(), None, 0),
    ] {
        let reply = format!("HTTP/1.1 {status} No\r\n{line}content-length: 0\r\n\r\n");
        let (address, _asked) = server(reply).await;
        let url = format!("ws://{address}/");
        let error = open(&url, HeaderMap::new(), BOUND, &direct()).await;
        assert_eq!(error.status(), Some(status));
        let said = error.to_string().contains("asks for a pause of ");
        assert_eq!(said, least.is_some(), "{error}");
        let asked = error.retry_after().map(|pause| pause.as_secs());
        assert!(asked >= least && asked.unwrap_or(0) <= most, "{asked:?}");
    }
}

#[tokio::test]
async fn user_and_password_of_the_address_are_sent_and_not_shown() {
    let reply = || "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_owned();
    let basic = "\r\nauthorization: basic qwxhzgrpbjpvcgvuihnlc2ftzq==\r\n";
    let mut bearer = HeaderMap::new();
    bearer.insert(AUTHORIZATION, HeaderValue::from_static("Bearer abc"));
    for headers in [HeaderMap::new(), bearer.clone()] {
        let (address, asked) = server(reply()).await;
        let url = format!("ws://Aladdin:open%20sesame@{address}/console?x=1");
        let error = open(&url, headers, BOUND, &direct()).await;
        let asked = asked.await.unwrap();
        assert!(
            asked.starts_with("get /console?x=1 http/1.1\r\n"),
            "{asked}"
        );
        assert!(
            asked.contains(&format!("\r\nhost: {address}\r\n")),
            "{asked}"
        );
        assert!(asked.contains(basic), "{asked}");
        assert_eq!(asked.matches("authorization").count(), 1, "{asked}");
        assert!(!format!("{error} {error:?}").contains("sesame"));
    }
    // Without them, a token stays.
    let (address, asked) = server(reply()).await;
    open(&format!("ws://{address}/"), bearer, BOUND, &direct()).await;
    assert!(
        asked
            .await
            .unwrap()
            .contains("\r\nauthorization: bearer abc\r\n")
    );
}

#[tokio::test]
async fn the_error_of_a_timeout_names_the_silent_proxy() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let proxy = Proxy::all(&format!("http://itsley:hunter20@{address}"), "").unwrap();
    let dialer = TcpDialer::plain().with_proxy(proxy);
    let within = Duration::from_millis(50);
    let error = open("ws://town.example:1760", HeaderMap::new(), within, &dialer).await;
    assert_eq!(
        error.to_string(),
        format!("no connection within 50ms through the proxy http://{address}")
    );
    let error = open(
        &format!("ws://{address}"),
        HeaderMap::new(),
        within,
        &direct(),
    )
    .await;
    assert_eq!(error.to_string(), "no connection within 50ms");
}

/// An address whose queue of connections is full: attempts to connect are neither accepted nor refused.
#[cfg(target_os = "linux")]
async fn never_replies(address: SocketAddr) -> (TcpListener, Vec<TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    let soon = Duration::from_millis(300);
    while let Ok(stream) = tokio::time::timeout(soon, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 20, "the listener always accepts");
    }
    (listener, waiting)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_name_whose_first_address_never_replies_is_reached_by_its_second() {
    let (address, asked) = server("HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\n\r\n".into()).await;
    let _dead = never_replies(SocketAddr::new([127, 0, 0, 2].into(), address.port())).await;
    let resolver = Resolver::new(|_| Ok(vec![[127, 0, 0, 2].into(), [127, 0, 0, 1].into()]));
    let dialer = direct().with_resolver(resolver);
    let url = format!("ws://town.example:{}/", address.port());
    let error = open(&url, HeaderMap::new(), BOUND, &dialer).await;
    assert_eq!(error.status(), Some(418));
    assert!(asked.await.unwrap().contains("host: town.example"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_name_whose_first_addresses_accept_and_stay_silent_is_reached_by_another() {
    let silent = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let silent_too = TcpListener::bind(("127.0.0.3", port)).await.unwrap();
    let server = TcpListener::bind(("127.0.0.4", port)).await.unwrap();
    let serving = tokio::spawn(async move {
        let (stream, _) = server.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    });
    let resolver = Resolver::new(|_| Ok((2..5).map(|last| [127, 0, 0, last].into()).collect()));
    // A dialer for each attempt, as consoles have it.
    let dialer = || direct().with_resolver(resolver.clone());
    let url = format!("ws://town.example:{port}/");
    for _ in 0..2 {
        let error = open(
            &url,
            HeaderMap::new(),
            Duration::from_millis(200),
            &dialer(),
        )
        .await;
        assert!(matches!(error, DialError::TimedOut { .. }), "{error}");
    }
    let url = url.parse().unwrap();
    let limits = LinkConfig::new(1024).connect_timeout(BOUND);
    let dialer = dialer();
    let opening = WebSocket::connect(&dialer, &url, HeaderMap::new(), limits);
    tokio::time::timeout(BOUND, opening).await.unwrap().unwrap();
    serving.await.unwrap();
    drop((silent, silent_too));
}
