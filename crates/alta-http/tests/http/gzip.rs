//! Compressed responses.

use alta_http::{Config, ErrorKind, HttpClient, Tls};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use std::io::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Starts a server that responds with these bytes, compressed if the request allows it. Returns its address.
async fn start(body: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
            let (header, body) = if request.contains("accept-encoding: gzip") {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
                encoder.write_all(body).unwrap();
                ("Content-Encoding: gzip\r\n", encoder.finish().unwrap())
            } else {
                ("X-Plain: 1\r\n", body.to_vec())
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\n{header}Content-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
        }
    });
    url
}

async fn get(url: &str, config: &Config) -> Result<http::Response<Bytes>, alta_http::Error> {
    let client = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), config);
    let request = Request::get(url).body(Bytes::new()).unwrap();
    timeout(Duration::from_secs(10), client.send(request))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_compressed_response_is_requested_and_read_unless_configured_otherwise() {
    let url = start(b"[\"Thornwood\"]").await;
    let response = get(&url, &Config::default()).await.unwrap();
    assert_eq!(response.body(), "[\"Thornwood\"]");
    assert!(!response.headers().contains_key("x-plain"));
    let response = get(&url, &Config::default().gzip(false)).await.unwrap();
    assert_eq!(response.body(), "[\"Thornwood\"]");
    assert!(response.headers().contains_key("x-plain"));
}

/// Starts a server that responds with these bytes and declares them as compressed.
async fn start_raw(body: Vec<u8>, length: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes()).await;
            // In two parts, as a network may deliver it.
            let (first, second) = body.split_at(body.len() / 2);
            let _ = stream.write_all(first).await;
            let _ = stream.flush().await;
            let _ = stream.write_all(second).await;
        }
    });
    url
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_response_that_is_cut_or_broken_is_a_broken_exchange() {
    let whole = compressed(&b"[\"Thornwood\"]".repeat(100));
    let mut broken = whole.clone();
    // The checksum of the decompressed bytes.
    let last = broken.len() - 6;
    broken[last] ^= 1;
    for body in [whole[..whole.len() - 1].to_vec(), broken, b"[]".to_vec()] {
        let length = body.len();
        let url = start_raw(body, length).await;
        let error = get(&url, &Config::default().attempts(1)).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Transport);
    }
    let length = whole.len();
    let response = get(&start_raw(whole, length).await, &Config::default()).await;
    assert_eq!(response.unwrap().body().len(), 1_300);
}

#[tokio::test]
async fn an_empty_body_stays_empty_and_headers_are_those_of_the_decompressed_body() {
    let response = get(&start_raw(Vec::new(), 0).await, &Config::default()).await;
    assert_eq!(response.unwrap().body(), "");
    let body = compressed(b"[]");
    let length = body.len();
    let response = get(&start_raw(body, length).await, &Config::default()).await;
    let response = response.unwrap();
    assert_eq!(response.body(), "[]");
    for gone in ["content-encoding", "content-length"] {
        assert!(!response.headers().contains_key(gone), "{gone}");
    }
}

#[tokio::test]
async fn a_caller_that_sets_an_encoding_gets_the_raw_body() {
    let body = compressed(b"[]");
    let url = start_raw(body.clone(), body.len()).await;
    let client = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &Config::default());
    let request = Request::get(url).header("accept-encoding", "gzip");
    let request = request.body(Bytes::new()).unwrap();
    let response = timeout(Duration::from_secs(10), client.send(request)).await;
    let response = response.unwrap().unwrap();
    assert_eq!(response.body(), &body);
    assert_eq!(response.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn a_small_body_that_decompresses_beyond_the_limit_is_an_error() {
    let body = compressed(&vec![b' '; 20_000_000]);
    assert!(body.len() < 40_000);
    let length = body.len();
    let url = start_raw(body, length).await;
    let error = get(&url, &Config::default()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn the_limit_counts_decompressed_bytes() {
    let url = start(vec![b' '; 1_000_000].leak()).await;
    let config = Config::default().body_limit(999_999);
    let error = get(&url, &config).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    let config = Config::default().body_limit(1_000_000);
    assert_eq!(get(&url, &config).await.unwrap().body().len(), 1_000_000);
}
