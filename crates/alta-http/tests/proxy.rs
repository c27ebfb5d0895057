//! HTTP proxies.
#![cfg(feature = "proxy")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use alta_http::{Config, ErrorKind, HttpClient, Proxy, Tls};
use bytes::Bytes;
use http::Request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// A proxy that answers every request itself, a CONNECT by cutting the tunnel; its address and what it was asked.
async fn start() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_head(&mut stream).await;
            log.lock().unwrap().push(head.to_lowercase());
            let answer = if head.starts_with("CONNECT ") {
                "HTTP/1.1 200 Connected\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nproxy"
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, requests)
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}

async fn get(url: &str, proxy: Proxy) -> Result<http::Response<Bytes>, alta_http::Error> {
    let config = Config::default().attempts(1).proxy(proxy);
    let client = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &config);
    let request = Request::get(url)
        .header("authorization", "Bearer abc")
        .body(Bytes::new())
        .unwrap();
    timeout(Duration::from_secs(10), client.send(request))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_plain_request_names_the_whole_address_and_the_credentials() {
    let (address, requests) = start().await;
    let proxy = Proxy::all(&format!("http://itsley:hunter20@{address}"), "");
    let debug = format!("{proxy:?}");
    assert!(!debug.contains("hunter20"), "{debug}");
    let response = get("http://example.invalid/api/groups", proxy)
        .await
        .unwrap();
    assert_eq!(response.body(), "proxy");
    let request = requests.lock().unwrap()[0].clone();
    assert!(
        request.starts_with("get http://example.invalid/api/groups http/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("proxy-authorization: basic "), "{request}");
}

#[tokio::test]
async fn a_secure_request_goes_through_a_tunnel_and_the_proxy_sees_no_header_of_it() {
    let (address, requests) = start().await;
    let proxy = Proxy::all(&format!("http://itsley:hunter20@{address}"), "");
    // The tunnel leads nowhere, so no handshake comes about.
    let error = get("https://example.invalid/api/groups", proxy)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
    let request = requests.lock().unwrap()[0].clone();
    assert!(
        request.starts_with("connect example.invalid:443 http/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("proxy-authorization: basic "), "{request}");
    assert!(!request.contains("bearer"), "{request}");
}

#[tokio::test]
async fn what_is_excepted_does_not_go_through_the_proxy() {
    let (proxy, through_proxy) = start().await;
    let (server, direct) = start().await;
    let excepted = Proxy::all(&format!("http://{proxy}"), "127.0.0.1");
    get(&format!("http://{server}/"), excepted).await.unwrap();
    assert!(through_proxy.lock().unwrap().is_empty());
    assert!(direct.lock().unwrap()[0].starts_with("get / http/1.1"));
}

#[tokio::test]
async fn a_proxy_of_another_kind_is_refused() {
    let socks = Proxy::all("socks5://127.0.0.1:1", "");
    let error = get("http://example.invalid/", socks).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
}
