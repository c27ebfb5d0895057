//! Proxies.

use crate::proxy_server::{read_head, start};
use alta_http::{Config, ErrorKind, HttpClient, Proxy, Tls};
use bytes::Bytes;
use http::Request;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

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
async fn a_plain_request_contains_the_whole_address_and_the_credentials() {
    let (address, requests) = start().await;
    let proxy = Proxy::all(&format!("http://itsley:hunter20@{address}"), "").unwrap();
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
    let proxy = Proxy::all(&format!("http://itsley:hunter20@{address}"), "").unwrap();
    // The proxy opens no tunnel, so there is no handshake.
    let error = get("https://example.invalid/api/groups", proxy)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);
    let request = requests.lock().unwrap()[0].clone();
    assert!(
        request.starts_with("connect example.invalid:443 http/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("proxy-authorization: basic "), "{request}");
    assert!(!request.contains("bearer"), "{request}");
}

#[tokio::test]
async fn an_excepted_host_is_reached_without_the_proxy() {
    let (proxy, through_proxy) = start().await;
    let (server, direct) = start().await;
    let excepted = Proxy::all(&format!("http://{proxy}"), "127.0.0.1").unwrap();
    get(&format!("http://{server}/"), excepted).await.unwrap();
    assert!(through_proxy.lock().unwrap().is_empty());
    assert!(direct.lock().unwrap()[0].starts_with("get / http/1.1"));
}

/// Starts a SOCKS proxy that checks the password, responds to the request itself and returns the requested target.
async fn start_socks() -> (String, tokio::task::JoinHandle<(Vec<u8>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut methods = [0; 3];
        stream.read_exact(&mut methods).await.unwrap();
        assert_eq!(methods, [5, 1, 2], "one method: user and password");
        stream.write_all(&[5, 2]).await.unwrap();
        let mut login = [0; 17];
        stream.read_exact(&mut login).await.unwrap();
        assert_eq!(&login, b"\x01\x06itsley\x08hunter20");
        stream.write_all(&[1, 0]).await.unwrap();
        let mut request = vec![0; 5];
        stream.read_exact(&mut request).await.unwrap();
        let mut target = vec![0; usize::from(request[4]) + 2];
        stream.read_exact(&mut target).await.unwrap();
        assert_eq!(request[..4], [5, 1, 0, 3], "a connection to a name");
        let there = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
        stream.write_all(&there).await.unwrap();
        let head = read_head(&mut stream).await;
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nproxy";
        stream.write_all(response.as_bytes()).await.unwrap();
        (target, head)
    });
    (address, task)
}

#[tokio::test]
async fn a_socks_proxy_gets_the_name_and_then_the_request() {
    let (address, task) = start_socks().await;
    let proxy = Proxy::all(&format!("socks5://itsley:hunter20@{address}"), "").unwrap();
    let response = get("http://example.invalid/api/groups", proxy)
        .await
        .unwrap();
    assert_eq!(response.body(), "proxy");
    let (target, head) = task.await.unwrap();
    assert_eq!(target, b"example.invalid\x00\x50");
    let head = head.to_lowercase();
    assert!(head.starts_with("get /api/groups http/1.1\r\n"), "{head}");
    assert!(!head.contains("proxy-authorization"), "{head}");
}

#[tokio::test]
async fn an_error_names_the_unreachable_or_silent_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = listener.local_addr().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = gone.local_addr().unwrap();
    drop(gone);
    let config = Config::default()
        .attempts(1)
        .connect_timeout(Duration::from_millis(100));
    for (proxy, reason) in [(dead, "cannot be reached"), (silent, "within 100ms")] {
        for url in ["http://example.invalid/", "https://example.invalid/"] {
            if proxy == silent && url.starts_with("http:") {
                // The proxy forwards plain requests; its silence is like that of a server.
                continue;
            }
            let address = format!("http://itsley:hunter20@{proxy}");
            let config = config.clone().proxy(Proxy::all(&address, "").unwrap());
            let client = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &config);
            let request = Request::get(url).body(Bytes::new()).unwrap();
            let error = timeout(Duration::from_secs(10), client.send(request)).await;
            let error = error.unwrap().unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::NotSent);
            let said = format!("{error:?}");
            let named = format!("the proxy http://{proxy}");
            assert!(said.contains(&named) && said.contains(reason), "{said}");
            assert!(!said.contains("hunter20"), "{said}");
        }
    }
}
