//! Garbage of clients at each stage, and the name of the service in its replies.

use super::consoles::Client;
use super::secure::made;
use super::support::{BOUND, Own, SERVERS, Service};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The host and the port of an address.
fn host(url: &str) -> String {
    let rest = url.split("//").nth(1).unwrap();
    rest.split('/').next().unwrap().to_owned()
}

/// Sends some bytes, and reads until the service ends the connection.
async fn exchange(own: &Own, address: &str, bytes: &[u8]) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    finish(own, stream, bytes).await
}

async fn finish(own: &Own, mut stream: TcpStream, bytes: &[u8]) -> String {
    // The service may end the connection before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut reply = Vec::new();
    let _ = timeout(BOUND, stream.read_to_end(&mut reply))
        .await
        .unwrap();
    let reply = String::from_utf8_lossy(&reply).into_owned();
    own.assert_no_token(&reply);
    reply
}

/// Opens a websocket with this request, and sends some bytes on it.
async fn exchange_on_websocket(own: &Own, address: &str, request: &[u8], bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut head = Vec::new();
    let reading = async {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
    };
    timeout(BOUND, reading).await.unwrap();
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    finish(own, stream, bytes).await;
}

/// The request that opens a websocket.
fn upgrade(headers: &str) -> Vec<u8> {
    format!(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
    )
    .into_bytes()
}

/// A frame of a client, with a mask of zeros.
fn frame(first: u8, text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&[first, 0x80 | 0x7e][..], &length, &[0; 4], text].concat()
}

/// Bytes before HTTP, in HTTP, and in the handshake of a websocket.
fn before_login() -> Vec<Vec<u8>> {
    let many = "x-header: x\r\n".repeat(1_000);
    let wrong = |from: &str, to: &str| {
        let text = String::from_utf8(upgrade("")).unwrap();
        text.replace(from, to).into_bytes()
    };
    vec![
        b"\0\xff\xfe garbage \r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"GET / HTTP/9\r\nUpgrade: websocket\r\n\r\n".to_vec(),
        b"POST /connect/token HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n".to_vec(),
        b"POST /api/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\xff{\"a".to_vec(),
        vec![0x16, 3, 1, 0xff, 0xff, 0],
        vec![0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3],
        vec![b'a'; 100_000],
        Vec::new(),
        upgrade(&many),
        upgrade("Authorization: Bearer \u{e9}\r\n"),
        wrong("dGhlIHNhbXBsZSBub25jZQ==", "!"),
        wrong("Version: 13", "Version: 99"),
        wrong("websocket", "h2c"),
        wrong("Sec-WebSocket-Key", "X-Key"),
    ]
}

/// Bytes on an open websocket.
fn frames() -> Vec<Vec<u8>> {
    let deep = "[".repeat(20_000);
    vec![
        b"no frame at all".to_vec(),
        vec![0x81, 2, b'h', b'i'],
        frame(0xc1, b"reserved bit"),
        frame(0x83, b"reserved opcode"),
        frame(0x80, b"no first part"),
        frame(0x01, b"no last part"),
        frame(0x89, &[b'p'; 200]),
        frame(0x88, b"\x01"),
        frame(0x82, b"binary"),
        frame(0x81, b"\xff\xfe"),
        frame(0x81, b"{\"id\":"),
        frame(0x81, b"{\"id\":-1,\"method\":7,\"path\":[]}"),
        frame(0x81, b""),
        frame(0x81, deep.as_bytes()),
        vec![0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x81, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0],
    ]
}

/// Checks that the service serves, and ends without a panic.
async fn is_whole(own: &Own, service: Service, token: &str, mut client: Client) {
    client
        .try_send(r#"{"id":900,"content":"player list"}"#)
        .await
        .unwrap();
    let reply = client.try_reply(900).await.unwrap();
    assert!(reply["data"].get("Exception").is_none(), "{reply}");
    assert_eq!(service.console(token, SERVERS[0]).await.0, 200);
    drop(client);
    let done = service.end().await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!done.err.contains("panicked"), "{done:?}");
    own.assert_no_token(&done.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_at_every_stage_leaves_the_service_up() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    let client = Client::logged_in(&service, &token, SERVERS[0]).await;
    let (consoles, console) = service.access(&token, SERVERS[0]).await;
    let main = host(&service.socket_url);
    for address in [&host(&service.rest_url), &main, &consoles] {
        for bytes in before_login() {
            exchange(&own, address, &bytes).await;
        }
    }
    let headers = format!("Authorization: Bearer {token}\r\n");
    for bytes in frames() {
        exchange_on_websocket(&own, &main, &upgrade(&headers), &bytes).await;
        // In place of the token, and after it.
        let login = frame(0x81, console.as_bytes());
        for bytes in [bytes.clone(), [login, bytes].concat()] {
            exchange_on_websocket(&own, &consoles, &upgrade(""), &bytes).await;
        }
    }
    is_whole(&own, service, &token, client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_before_tls_leaves_the_service_up() {
    let own = Own::with_tls(&made(2020, 2090), "plain-consoles = true").await;
    let service = own.serve().await;
    for address in [host(&service.rest_url), host(&service.socket_url)] {
        for bytes in before_login() {
            let reply = exchange(&own, &address, &bytes).await;
            assert!(!reply.contains("HTTP/1.1"), "a reply without TLS: {reply}");
        }
    }
    let done = service.end().await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!done.err.contains("panicked"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_and_every_reply_say_that_the_service_is_private() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let mut service = own.serve().await;
    service.program.log_line_with("private service").await;
    let token = service.log_in(&bot).await;
    let (consoles, _) = service.access(&token, SERVERS[0]).await;
    let (rest, main) = (host(&service.rest_url), host(&service.socket_url));
    let request = |method: &str, path: &str, token: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\nContent-Length: 0\r\n\r\n"
        )
        .into_bytes()
    };
    let login = format!("Authorization: Bearer {token}\r\n");
    for (address, bytes, status) in [
        (&rest, request("GET", "/api/groups/joined", &token), 200),
        (&rest, request("GET", "/api/groups/joined", "x"), 401),
        (&rest, request("GET", "/api/groups/1", &token), 404),
        (&rest, request("GET", "/nothing", ""), 403),
        (&rest, request("PUT", "/api/regions", ""), 405),
        (&rest, request("POST", "/connect/token", ""), 400),
        (&rest, request("POST", "/api/sessions", ""), 400),
        (&main, upgrade(&login), 101),
        (&main, upgrade(""), 401),
        (&consoles, upgrade(""), 101),
    ] {
        let reply = exchange(&own, address, &bytes).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
        assert!(
            reply.contains("x-pytale-service: private service, not operated by Alta\r\n"),
            "{reply}"
        );
    }
    service.end().await;
}
