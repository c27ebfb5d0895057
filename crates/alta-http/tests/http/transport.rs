//! The default transport against raw listeners on the loopback.

use alta_http::{Config, Error, ErrorKind, HttpClient, Tls};
use bytes::Bytes;
use http::{Request, Response};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(10);

/// A server that responds to the request of each connection with these bytes, closes it, and records the requests.
struct Raw {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    async fn start(response: impl Into<String>) -> Self {
        Self::keep_alive(response, 1).await.0
    }

    /// Responds to several requests on each connection; counts the connections.
    async fn keep_alive(response: impl Into<String>, each: usize) -> (Self, Arc<AtomicUsize>) {
        let response = response.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (log, count) = (Arc::clone(&requests), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                for _ in 0..each {
                    let Some(request) = read_request(&mut stream).await else {
                        break;
                    };
                    log.lock().unwrap().push(request);
                    stream.write_all(response.as_bytes()).await.unwrap();
                }
            }
        });
        (Self { address, requests }, connections)
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    fn url(&self) -> String {
        format!("http://{}/api/groups/joined", self.address)
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + std::str::from_utf8(&body).unwrap())
}

fn config() -> Config {
    Config::default().backoff(Duration::from_millis(1), Duration::from_millis(1))
}

fn client(config: &Config) -> HttpClient {
    HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), config)
}

async fn send(
    client: &HttpClient,
    method: &str,
    url: &str,
    body: &'static str,
) -> Result<Response<Bytes>, Error> {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap();
    timeout(BOUND, client.send(request)).await.unwrap()
}

#[tokio::test]
async fn a_response_is_returned_whole_and_connections_are_reused() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Page: 7\r\n\r\n[]";
    let (server, connections) = Raw::keep_alive(response, 10).await;
    let client = client(&config());
    for _ in 0..3 {
        let response = send(&client, "POST", &server.url(), "{\"a\":1}")
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-page"], "7");
        assert_eq!(response.body(), "[]");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let requests = server.requests.lock().unwrap();
    assert!(requests[0].starts_with("POST /api/groups/joined HTTP/1.1\r\n"));
    assert!(requests[0].ends_with("\r\n\r\n{\"a\":1}"));
}

#[tokio::test]
async fn a_cut_body_is_a_broken_exchange_and_is_retried() {
    let server = Raw::start("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[{\"id").await;
    let error = send(&client(&config()), "GET", &server.url(), "")
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Transport);
    assert!(error.may_have_arrived());
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_post_whose_response_is_cut_is_not_sent_again() {
    let server = Raw::start("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[{\"id").await;
    let error = send(&client(&config()), "POST", &server.url(), "{}")
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Transport);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_body_above_the_limit_is_an_error_with_and_without_an_announced_length() {
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n".to_owned();
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n".to_owned()
        + &"x".repeat(64)
        + "\r\n0\r\n\r\n";
    for response in [announced, chunked] {
        let server = Raw::start(response).await;
        let error = send(&client(&config().body_limit(63)), "GET", &server.url(), "")
            .await
            .unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooLarge);
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn a_refused_connection_counts_as_not_sent_and_the_error_names_the_request() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let error = send(
        &client(&config()),
        "POST",
        &format!("http://{address}/api/sessions?a=b"),
        "",
    )
    .await
    .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);
    assert!(!error.may_have_arrived());
    assert_eq!(
        error.to_string(),
        format!("POST http://{address}/api/sessions: the request could not be sent")
    );
}

#[tokio::test]
async fn an_invalid_address_is_an_error_and_is_not_retried() {
    for uri in ["/api/groups", "example.org:443", "ftp://127.0.0.1/api"] {
        let error = send(&client(&config()), "GET", uri, "").await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::InvalidInput, "{uri}");
        assert!(!error.may_have_arrived());
    }
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let config = config()
        .attempts(2)
        .attempt_timeout(Duration::from_millis(50));
    let error = send(&client(&config), "GET", &url, "").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_body_that_never_ends_is_a_timeout() {
    let (server, _) = Raw::keep_alive("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[", 2).await;
    let config = config()
        .attempts(1)
        .attempt_timeout(Duration::from_millis(50));
    let error = send(&client(&config), "GET", &server.url(), "")
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_tls_handshake_that_never_ends_counts_as_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let config = config()
        .attempts(1)
        .connect_timeout(Duration::from_millis(50));
    let error = send(&client(&config), "POST", &url, "").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let target = Raw::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let server = Raw::start(format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        target.url()
    ))
    .await;
    let response = send(&client(&config()), "GET", &server.url(), "")
        .await
        .unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(target.count(), 0);
}

#[tokio::test]
async fn a_busy_server_is_retried_on_a_new_connection() {
    let server = Raw::start(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    )
    .await;
    let response = send(&client(&config()), "GET", &server.url(), "")
        .await
        .unwrap();
    assert_eq!((response.status().as_u16(), server.count()), (503, 3));
}

#[tokio::test]
async fn user_and_password_of_the_address_are_sent_unless_there_is_a_token() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
    let (server, _) = Raw::keep_alive(response, 10).await;
    let client = client(&config());
    let url = server.url().replace("://", "://Aladdin:open%20sesame@");
    send(&client, "GET", &url, "").await.unwrap();
    let mut request = Request::get(&url).body(Bytes::new()).unwrap();
    let bearer = http::HeaderValue::from_static("Bearer abc");
    request.headers_mut().insert("authorization", bearer);
    timeout(BOUND, client.send(request)).await.unwrap().unwrap();
    let requests = server.requests.lock().unwrap();
    let basic = "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";
    assert!(requests[0].contains(basic), "{}", requests[0]);
    assert!(requests[0].starts_with("GET /api/groups/joined HTTP/1.1\r\n"));
    assert!(requests[1].contains("authorization: Bearer abc\r\n"));
    assert!(!requests[1].contains("Basic"));
}

/// Fills the backlog of this address: attempts to connect are neither accepted nor refused.
#[cfg(target_os = "linux")]
async fn unreachable(address: SocketAddr) -> (TcpListener, Vec<TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    let soon = Duration::from_millis(300);
    while let Ok(stream) = timeout(soon, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 20, "it still accepts connections");
    }
    (listener, waiting)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_name_whose_first_address_is_unreachable_is_reached_by_its_second() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
    let (server, _) = Raw::keep_alive(response, 10).await;
    let port = server.address.port();
    let _dead = unreachable(([127, 0, 0, 2], port).into()).await;
    let resolver =
        alta_http::Resolver::new(|_| Ok(vec![[127, 0, 0, 2].into(), [127, 0, 0, 1].into()]));
    let config = config().resolver(resolver).attempts(1);
    let url = format!("http://town.example:{port}/");
    send(&client(&config), "GET", &url, "").await.unwrap();
}
