//! Helpers for the tests of both sockets; `alta-ws` and `att-console` include this file.

use alta_model::Timestamp;
use alta_socket::BackoffPolicy;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;
use tokio_tungstenite::{WebSocketStream, accept_async};
use url::Url;

#[path = "../../../alta-dial/tests/support/servers.rs"]
pub(crate) mod servers;

/// Starts a server, and calls `then` with its first connection after the handshake. Its receive buffer is small, so that a
/// server that does not read blocks the client after a few MiB. Returns its address.
pub(crate) fn slow_server<F: Future<Output = ()> + Send>(
    then: impl FnOnce(WebSocketStream<TcpStream>) -> F + Send + 'static,
) -> Url {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        then(accept_async(stream).await.unwrap()).await;
    });
    format!("ws://{address}").parse().unwrap()
}

/// Checks that the pause of a `Retry-After` header is kept up to the cap of the backoff. `open` opens a console or a client.
pub(crate) async fn check_requested_pauses<T>(open: impl Fn(SocketAddr, BackoffPolicy) -> T) {
    for (reply, cap, pause) in [
        (
            "HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
            Duration::from_secs(2),
            Duration::from_secs(1),
        ),
        (
            "HTTP/1.1 429 Busy\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n",
            Duration::from_millis(300),
            Duration::from_millis(300),
        ),
    ] {
        let (address, mut requests) = servers::refusing(reply).await;
        let _opened = open(address, BackoffPolicy::new(Duration::from_millis(1), cap));
        let (_, first) = requests.recv().await.unwrap();
        let (_, second) = requests.recv().await.unwrap();
        assert!(second - first >= pause);
    }
}

/// Writes a text frame, as a server sends it.
pub(crate) async fn write_frame(stream: &mut TcpStream, text: &str) {
    stream.write_all(&header(text)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Writes a text frame in pieces of 700 bytes, with a pause before each.
pub(crate) async fn write_slowly(stream: &mut TcpStream, text: &str, pause: Duration) {
    stream.write_all(&header(text)).await.unwrap();
    for piece in text.as_bytes().chunks(700) {
        sleep(pause).await;
        stream.write_all(piece).await.unwrap();
    }
}

fn header(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81, 127];
    bytes.extend((text.len() as u64).to_be_bytes());
    bytes
}

/// Sends fifteen pings, with a pause before each.
pub(crate) async fn ping(stream: &mut TcpStream, pause: Duration) {
    for _ in 0..15 {
        sleep(pause).await;
        stream.write_all(&[0x89, 1, b'x']).await.unwrap();
    }
}

/// Sends pings without end, and never reads.
pub(crate) async fn ping_without_reading(stream: TcpStream) {
    let (_unread, mut writing) = stream.into_split();
    let pings = [0x89, 3, b'a', b'b', b'c'].repeat(1_000);
    while writing.write_all(&pings).await.is_ok() {}
}

/// Checks the gap of a connection that fell silent at `silenced`. Its last event was received at `last`; pings have this
/// interval.
pub(crate) fn check_gap_of_silence(
    (since, until): (Timestamp, Timestamp),
    last: Timestamp,
    silenced: Timestamp,
    interval: Duration,
) {
    // The loss is noticed after a whole interval. A pong can be the last frame, after the event.
    let earliest = last.checked_sub(interval / 100).unwrap();
    let latest = silenced.checked_add(interval / 2).unwrap();
    assert!(
        since >= earliest && since <= latest,
        "{last} {since} {silenced}"
    );
    assert!(until >= latest && until <= Timestamp::now());
}

/// Checks that a line of an error or a log contains none of the secrets, also without its escapes, and no character that
/// controls a terminal.
pub(crate) fn check_line<'a>(line: &str, secrets: impl IntoIterator<Item = &'a str>) {
    let plain = line
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
        .replace("\\/", "/");
    for secret in secrets {
        assert!(
            !line.contains(secret) && !plain.contains(secret),
            "{secret} in {line}"
        );
    }
    let is_control = |c: char| c.is_control() || "\u{202e}\u{2028}".contains(c);
    assert!(!line.contains(is_control), "{line:?}");
}
