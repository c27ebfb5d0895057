//! Compressed answers.
#![cfg(feature = "gzip")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{io::Write as _, time::Duration};

use alta_http::{Config, ErrorKind, HttpClient, Tls};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::Request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::timeout,
};

/// A server that answers with these bytes, compressed if the request allows it; and its address.
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
async fn a_compressed_answer_is_asked_for_and_read_unless_configured_otherwise() {
    let url = start(b"[\"Thornwood\"]").await;
    let response = get(&url, &Config::default()).await.unwrap();
    assert_eq!(response.body(), "[\"Thornwood\"]");
    assert!(!response.headers().contains_key("x-plain"));
    let response = get(&url, &Config::default().gzip(false)).await.unwrap();
    assert_eq!(response.body(), "[\"Thornwood\"]");
    assert!(response.headers().contains_key("x-plain"));
}

#[tokio::test]
async fn the_limit_counts_what_comes_out() {
    let url = start(vec![b' '; 1_000_000].leak()).await;
    let config = Config::default().body_limit(999_999);
    let error = get(&url, &config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let config = Config::default().body_limit(1_000_000);
    assert_eq!(get(&url, &config).await.unwrap().body().len(), 1_000_000);
}
