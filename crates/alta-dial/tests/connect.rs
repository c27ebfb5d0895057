//! Connections over loopback: unreachable addresses, and proxies of both types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use alta_dial::{ConnectError, Connector, Proxy, Resolver, Target};
use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(10);

fn to(host: &str, port: u16) -> Target<'_> {
    Target {
        host,
        port,
        is_secure: false,
    }
}

async fn listen(address: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Fills the backlog of this address: attempts to connect are neither accepted nor refused.
#[cfg(target_os = "linux")]
async fn unreachable(address: SocketAddr) -> (TcpListener, Vec<TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 20, "it accepts every connection");
    }
    (listener, waiting)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_second_address_is_reached_when_the_first_is_unreachable() {
    let (server, address) = listen("127.0.0.3:0").await;
    let _dead = unreachable(SocketAddr::new([127, 0, 0, 2].into(), address.port())).await;
    let resolver = Resolver::new(|_| Ok(vec![[127, 0, 0, 2].into(), [127, 0, 0, 3].into()]));
    let connector = Connector::new(Some(Proxy::none())).resolver(resolver);
    let connected = connector.connect(to("town.example", address.port()));
    let connected = timeout(BOUND, connected).await.unwrap().unwrap();
    assert_eq!(connected.peer_addr().unwrap(), address);
    timeout(BOUND, server.accept()).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_error_names_the_host_or_the_address() {
    let resolver = Resolver::new(|host| match host {
        "nowhere.example" => Err(std::io::Error::other("no such name")),
        _ => Ok(vec![[127, 0, 0, 1].into()]),
    });
    let connector = Connector::new(Some(Proxy::none())).resolver(resolver);
    let error = connector
        .connect(to("nowhere.example", 1760))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "could not resolve nowhere.example");
    assert_eq!(error.source().unwrap().to_string(), "no such name");

    let (listener, address) = listen("127.0.0.1:0").await;
    drop(listener);
    let error = connector.connect(to("town.example", address.port()));
    let error = error.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("could not connect to town.example:{}", address.port())
    );
    assert!(error.source().is_some());
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Starts a proxy with this response to the first request. Returns its address and the request.
async fn http_proxy(response: &'static str) -> (SocketAddr, JoinHandle<(String, TcpStream)>) {
    let (listener, address) = listen("127.0.0.1:0").await;
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = head(&mut stream).await;
        stream.write_all(response.as_bytes()).await.unwrap();
        (asked, stream)
    });
    (address, asked)
}

async fn through(proxy: &str, target: Target<'_>) -> Result<TcpStream, ConnectError> {
    let connector = Connector::new(Some(Proxy::all(proxy, "").unwrap()));
    timeout(BOUND, connector.connect(target)).await.unwrap()
}

#[tokio::test]
async fn a_tunnel_is_requested_with_credentials_and_carries_all_bytes() {
    for (host, asked_for) in [
        ("town.example", "town.example:1760"),
        ("[2001:db8::7]", "[2001:db8::7]:1760"),
        ("192.0.2.7", "192.0.2.7:1760"),
    ] {
        let response = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nfirst";
        let (address, asked) = http_proxy(response).await;
        let proxy = format!("http://Aladdin:open%20sesame@{address}");
        let mut stream = through(&proxy, to(host, 1760)).await.unwrap();
        let (asked, _open) = asked.await.unwrap();
        assert!(
            asked.starts_with(&format!("CONNECT {asked_for} HTTP/1.1\r\n")),
            "{asked}"
        );
        assert!(
            asked.contains(&format!("\r\nHost: {asked_for}\r\n")),
            "{asked}"
        );
        let basic = "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";
        assert!(asked.contains(basic), "{asked}");
        let mut first = [0; 5];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"first");
    }
}

fn said(error: &ConnectError) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}

#[tokio::test]
async fn an_error_of_a_proxy_names_it_without_its_password() {
    for (response, reason) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "requires a user and a password",
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "status 403"),
        ("HTTP/1.1 301 Moved\r\nLocation: x\r\n\r\n", "status 301"),
        ("SSH-2.0-x\r\n\r\n", "not HTTP"),
        ("HTTP/1.1 nonsense\r\n\r\n", "not HTTP"),
        ("\u{5}\0\0\0\0\0", "not HTTP"),
        ("HTTP/1.1 200", "closed the connection"),
        ("", "closed the connection"),
    ] {
        let (address, asked) = http_proxy(response).await;
        let proxy = format!("http://itsley:hunter20@{address}");
        tokio::spawn(async move { drop(asked.await) });
        let error = through(&proxy, to("town.example", 1760)).await.unwrap_err();
        let said = said(&error);
        let named = format!("the proxy http://{address} did not connect to town.example:1760");
        assert!(said.starts_with(&named) && said.contains(reason), "{said}");
        assert!(!said.contains("hunter20") && !format!("{error:?}").contains("hunter20"));
    }
    let (listener, dead) = listen("127.0.0.1:0").await;
    drop(listener);
    for scheme in ["http", "socks5"] {
        let proxy = format!("{scheme}://itsley:hunter20@{dead}");
        let error = through(&proxy, to("town.example", 1760)).await.unwrap_err();
        let said = said(&error);
        let named = format!("the proxy {scheme}://{dead} cannot be reached: could not connect");
        assert!(said.starts_with(&named), "{said}");
        assert!(!said.contains("hunter20"), "{said}");
    }
}

#[tokio::test]
async fn an_endless_response_is_an_error() {
    let (listener, address) = listen("127.0.0.1:0").await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
        while stream.write_all(b"X: y\r\n").await.is_ok() {}
    });
    let error = through(&format!("http://{address}"), to("h", 1)).await;
    assert!(said(&error.unwrap_err()).contains("not HTTP"));
}

/// Starts a SOCKS proxy that expects these requests and sends these replies.
async fn socks_proxy(talk: Vec<(Vec<u8>, Vec<u8>)>) -> (SocketAddr, JoinHandle<TcpStream>) {
    let (listener, address) = listen("127.0.0.1:0").await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for (expected, response) in talk {
            let mut asked = vec![0; expected.len()];
            stream.read_exact(&mut asked).await.unwrap();
            assert_eq!(asked, expected);
            stream.write_all(&response).await.unwrap();
        }
        stream
    });
    (address, task)
}

fn connect_request(kind: &[u8], address: &[u8], port: u16) -> Vec<u8> {
    [b"\x05\x01\x00", kind, address, &port.to_be_bytes()].concat()
}

#[tokio::test]
async fn a_socks_proxy_gets_names_and_addresses_and_carries_all_bytes() {
    let by_4 = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x06\xe0first".to_vec();
    let by_6 = [b"\x05\x00\x00\x04" as &[u8], &[0; 16], b"\x06\xe0first"].concat();
    let by_name = b"\x05\x00\x00\x03\x04here\x06\xe0first".to_vec();
    let ip_6 = "2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap();
    for (host, asked, response) in [
        (
            "town.example",
            connect_request(&[3, 12], b"town.example", 1760),
            by_4,
        ),
        (
            "192.0.2.7",
            connect_request(&[1], &[192, 0, 2, 7], 1760),
            by_name,
        ),
        (
            "[2001:db8::7]",
            connect_request(&[4], &ip_6.octets(), 1760),
            by_6,
        ),
    ] {
        let hello = (b"\x05\x01\x00".to_vec(), b"\x05\x00".to_vec());
        let (address, task) = socks_proxy(vec![hello, (asked, response)]).await;
        let proxy = format!("socks5h://{address}");
        let mut stream = through(&proxy, to(host, 1760)).await.unwrap();
        let mut first = [0; 5];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"first");
        drop(task.await.unwrap());
    }
}

#[tokio::test]
async fn a_socks_proxy_that_refuses_is_named_with_its_reason() {
    let hello = || (b"\x05\x01\x02".to_vec(), b"\x05\x02".to_vec());
    let login = |status| (b"\x01\x06itsley\x08hunter20".to_vec(), vec![1, status]);
    let refused = |status| {
        let wish = connect_request(&[3, 12], b"town.example", 1760);
        (wish, vec![5, status, 0, 1, 0, 0, 0, 0, 0, 0])
    };
    for (talk, reason) in [
        (vec![hello(), login(1)], "refuses the user and the password"),
        (
            vec![hello(), login(0), refused(5)],
            "the target refused the connection",
        ),
        (vec![hello(), login(0), refused(99)], "failed to connect"),
        (
            vec![(b"\x05\x01\x02".to_vec(), vec![5, 255])],
            "does not accept a user and a password",
        ),
        (
            vec![(b"\x05\x01\x02".to_vec(), b"HTTP".to_vec())],
            "not SOCKS 5",
        ),
        (
            vec![(b"\x05\x01\x02".to_vec(), vec![])],
            "closed the connection",
        ),
    ] {
        let (address, task) = socks_proxy(talk).await;
        tokio::spawn(async move { drop(task.await) });
        let proxy = format!("socks5://itsley:hunter20@{address}");
        let error = through(&proxy, to("town.example", 1760)).await.unwrap_err();
        let said = said(&error);
        let named = format!("the proxy socks5://{address} did not connect to town.example:1760");
        assert!(said.starts_with(&named) && said.contains(reason), "{said}");
        assert!(!said.contains("hunter20"), "{said}");
    }
}
